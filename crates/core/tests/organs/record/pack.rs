//! Several objects in one call: the ids are those that Git itself gives.

use hotfix_core::git::{Oid, TreeEntry};

use super::sandbox::Sandbox;

const FORMATS: [&str; 2] = ["--object-format=sha1", "--object-format=sha256"];

#[test]
fn blobs_of_every_size_arrive_whole() {
    for format in FORMATS {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository("r", &[format]);
        let sizes = [0, 1, 15, 16, 2047, 2048, 5553, 65_534, 65_535, 65_536, 131_070, 3_000_000];
        let content =
            |size: usize| (0..size).map(|place| u8::try_from(place % 251).unwrap()).collect::<Vec<_>>();
        let mut objects = repository.new_objects();
        let ids: Vec<Oid> = sizes.iter().map(|size| objects.blob(content(*size))).collect();
        objects.write().unwrap();
        for (size, id) in sizes.into_iter().zip(ids) {
            let name = sandbox.path("blob");
            std::fs::write(&name, content(size)).unwrap();
            let said = sandbox
                .git(repository.common_dir(), &["hash-object", "--no-filters", name.to_str().unwrap()]);
            assert_eq!(id.as_str(), said, "{size}");
            let kept = sandbox.git(repository.common_dir(), &["cat-file", "-s", id.as_str()]);
            assert_eq!(kept, size.to_string());
        }
        sandbox.git(repository.common_dir(), &["fsck", "--strict"]);
    }
}

#[test]
fn trees_are_sorted_as_git_sorts_them() {
    for format in FORMATS {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository("r", &[format]);
        let mut objects = repository.new_objects();
        let blob = objects.blob("x");
        let folder = objects.tree(&[]);
        let entry = |(mode, oid, name): (&str, &Oid, &str)| TreeEntry {
            mode: mode.into(),
            oid: oid.clone(),
            name: name.into(),
        };
        let entries: Vec<TreeEntry> = [
            ("040000", &folder, "a"),
            ("100644", &blob, "a.b"),
            ("100644", &blob, "a-b"),
            ("100755", &blob, "a0"),
            ("100644", &blob, "Z"),
            ("120000", &blob, "é"),
        ]
        .map(entry)
        .into();
        let tree = objects.tree(&entries);
        objects.write().unwrap();
        assert_eq!(repository.write_tree(&entries).unwrap(), tree);
        let object = repository.read_objects(&[tree.to_string()]).unwrap().remove(0).unwrap();
        assert_eq!(object.entries().unwrap(), repository.read_tree(&tree).unwrap());
        sandbox.git(repository.common_dir(), &["fsck", "--strict"]);
    }
}

#[test]
fn objects_that_are_there_already_do_no_harm() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    for _ in 0..2 {
        let mut objects = repository.new_objects();
        let twice = [objects.blob("same"), objects.blob("same")];
        assert_eq!(twice[0], twice[1]);
        objects.write().unwrap();
        sandbox.git(repository.common_dir(), &["fsck", "--strict"]);
    }
    repository.new_objects().write().unwrap();
}
