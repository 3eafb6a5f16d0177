// Matrix product whose A and B have rows of whole vec4s (lda, ldb and both starts multiples of 4): a quarter of the loads.
#import matmul_tile

@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;

fn load_a(at: u32) -> f32 { return a[at / 4u][at % 4u]; }
fn load_b(at: u32) -> f32 { return b[at / 4u][at % 4u]; }
fn load_a4(at: u32) -> vec4f { return a[at / 4u]; }
fn load_b4(at: u32) -> vec4f { return b[at / 4u]; }
