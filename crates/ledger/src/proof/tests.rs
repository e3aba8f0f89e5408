//! The tree against published values, then every leaf and every pair of sizes of trees of up to a few hundred leaves.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;
use crate::leaf_hash;

fn hash(hex: &str) -> Hash {
    Hash(HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap())
}

/// The leaves of Certificate Transparency's reference tree (google/certificate-transparency, `merkle_tree_test.cc`).
fn reference() -> Vec<Hash> {
    let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    leaves.iter().map(|leaf| leaf_hash(&HEXLOWER.decode(leaf.as_bytes()).unwrap())).collect()
}

fn numbered(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

#[test]
fn roots_are_those_of_the_reference_tree() {
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves = reference();
    assert_eq!(root(&[]), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let mut edge = Edge::default();
    for (at, expected) in roots.iter().enumerate() {
        edge.push(leaves[at]);
        assert_eq!((edge.root(), root(&leaves[..=at])), (hash(expected), hash(expected)), "{} leaves", at + 1);
    }
}

#[test]
fn proofs_are_those_of_the_reference_tree() {
    let leaves = reference();
    let inclusions: [(usize, usize, &[&str]); 4] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];
    for (index, size, expected) in inclusions {
        let expected: Vec<_> = expected.iter().map(|hex| hash(hex)).collect();
        assert_eq!(inclusion(&leaves[..size], index), Some(expected), "leaf {index} of {size}");
    }
    let consistencies: [(usize, usize, &[&str]); 3] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
    ];
    for (old, new, expected) in consistencies {
        let expected: Vec<_> = expected.iter().map(|hex| hash(hex)).collect();
        assert_eq!(consistency(&leaves[..new], old), Some(expected), "{old} to {new}");
    }
}

#[test]
fn every_leaf_of_every_tree_is_proven_at_its_own_place_only() {
    let leaves = numbered(200);
    for size in 1..=leaves.len() {
        let tree = &leaves[..size];
        let root = root(tree);
        for (index, leaf) in tree.iter().enumerate() {
            let proof = inclusion(tree, index).unwrap();
            let holds = |leaf: &Hash, index, size| verify_inclusion(leaf, index, size, &proof, &root);
            assert!(holds(leaf, index as u64, size as u64), "leaf {index} of {size}");
            assert!(!holds(leaf, (index as u64 + 1) % size as u64, size as u64) || size == 1, "leaf {index} of {size} elsewhere");
            assert!(!holds(leaf, size as u64, size as u64));
            assert!(!holds(&leaves[(index + 1) % 200], index as u64, size as u64));
        }
        assert_eq!(inclusion(tree, size), None);
    }
}

#[test]
fn every_tree_continues_every_smaller_one_and_no_other() {
    let leaves = numbered(130);
    let roots: Vec<_> = (0..=leaves.len()).map(|size| root(&leaves[..size])).collect();
    for new in 0..=leaves.len() {
        for old in 0..=new {
            let proof = consistency(&leaves[..new], old).unwrap();
            let (small, large) = (old as u64, new as u64);
            assert!(verify_consistency(small, large, &roots[old], &roots[new], &proof), "{old} to {new}");
            assert!(!verify_consistency(small, large, &Hash([7; 32]), &roots[new], &proof), "{old} to {new}, another old root");
            if 0 < old {
                assert!(!verify_consistency(small, large, &roots[old], &Hash([7; 32]), &proof), "{old} to {new}, another new root");
            }
            if 0 < old && old < new {
                assert!(!verify_consistency(large, small, &roots[new], &roots[old], &proof), "{new} to {old}");
                assert!(!verify_consistency(small, large, &roots[old], &roots[new], &proof[1..]), "{old} to {new}, shortened");
            }
        }
        assert_eq!(consistency(&leaves[..new], new + 1), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_changed_proof_proves_nothing(size in 2_usize..400, at in any::<prop::sample::Index>(), step in any::<prop::sample::Index>(), bit in 0_usize..256) {
        let leaves = numbered(size);
        let index = at.index(size);
        let mut proof = inclusion(&leaves, index).unwrap();
        let changed = step.index(proof.len());
        proof[changed].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(&leaves[index], index as u64, size as u64, &proof, &root(&leaves)));
    }

    #[test]
    fn an_edge_is_kept_in_parts_and_grows_on(size in 0_usize..400, more in 0_usize..40) {
        let leaves = numbered(size + more);
        let kept = Edge::over(leaves[..size].iter().copied());
        let mut edge = Edge::of(size as u64, kept.hashes().to_vec()).unwrap();
        leaves[size..].iter().for_each(|leaf| edge.push(*leaf));
        prop_assert_eq!(edge.root(), root(&leaves));
        prop_assert_eq!(Edge::of(edge.size() + 1, vec![Hash([0; 32]); edge.size().count_ones() as usize]).is_some(), (edge.size() + 1).count_ones() == edge.size().count_ones());
    }
}
