// @ts-check
/**
 * The words that Dawn is created with in Node: it hides f16 on NVIDIA under Vulkan, and rounds the GPU's clock as browsers must.
 * `UNFOLD_DAWN` replaces them, separated by spaces; where it is empty, Dawn is as it comes.
 * @returns {string[]}
 */
export function dawnWords() {
  const words = process.env.UNFOLD_DAWN ?? 'enable-dawn-features=vulkan_enable_f16_on_nvidia disable-dawn-features=timestamp_quantization';
  return words.split(' ').filter(Boolean);
}
