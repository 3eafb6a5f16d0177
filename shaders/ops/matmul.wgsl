// Matrix product for any sizes and strides; elements are loaded one by one.
#import matmul_tile

@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;

fn load_a(at: u32) -> f32 { return a[at]; }
fn load_b(at: u32) -> f32 { return b[at]; }
fn load_a4(at: u32) -> vec4f { return vec4f(a[at], a[at + 1u], a[at + 2u], a[at + 3u]); }
fn load_b4(at: u32) -> vec4f { return vec4f(b[at], b[at + 1u], b[at + 2u], b[at + 3u]); }
