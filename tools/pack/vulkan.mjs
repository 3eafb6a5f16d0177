// @ts-check
// A Vulkan loader and a driver for Dawn, on a machine where the one or the other is not as the loader expects it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
/** NVIDIA's driver under both of its names: the second needs no library of X11. */
const NVIDIA = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];

/**
 * Environments to try in turn until one gives an adapter: as the machine is, then with driver files written for NVIDIA's libraries.
 * @param {string} folder of the unpacked payload, whose `lib` has a loader and what drivers want of X11
 * @returns {{ what: string, variables: Record<string, string> }[]}
 */
export function vulkanEnvironments(folder) {
  const known = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
  const shipped = existsSync(join(folder, 'lib')) ? readdirSync(join(folder, 'lib')) : [];
  const absent = shipped.filter((name) => !known.includes(name));
  // Only what the machine lacks: an older libstdc++ or X11 in front of its own could break the driver.
  const libraries = join(folder, 'lib-used');
  if (absent.length > 0) spawnSync('bash', ['-c', `mkdir -p "$1" && cd "$2/lib" && cp -P ${absent.join(' ')} "$1"`, 'bash', libraries, folder]);
  const path = [process.env.LD_LIBRARY_PATH, absent.length > 0 ? libraries : ''].filter(Boolean).join(':');
  const base = { ...(path && { LD_LIBRARY_PATH: path }), UNFOLD_ADAPTER: 'default' };
  const shippedText = absent.length > 0 ? `, with the shipped ${absent.join(', ')}` : '';
  const environments = [{ what: `the machine's own Vulkan${shippedText}`, variables: base }];
  if (process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return environments;
  for (const library of NVIDIA) {
    if (!known.includes(library)) continue;
    const file = join(folder, `${library}.json`);
    writeFileSync(file, JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: library, api_version: '1.3.0' } }));
    environments.push({ what: `a driver file written for ${library}${shippedText}`, variables: { ...base, VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file } });
  }
  return environments;
}

/** What there is of Vulkan on the machine, for when nothing gives an adapter. */
export function describeVulkan() {
  const known = spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout ?? '';
  const libraries = known.split('\n').filter((line) => /libvulkan|nvidia|libcuda/.test(line)).map((line) => line.trim());
  const drivers = DRIVER_FOLDERS.flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []));
  const nodes = existsSync('/dev') ? readdirSync('/dev').filter((name) => /^(nvidia|dri|kfd)/.test(name)) : [];
  return [`driver files: ${drivers.join(', ') || 'none'}`, `devices: ${nodes.join(', ') || 'none'}`, ...libraries];
}
