// The page: its parts, what the reader does with them, and what the worker says to each.
import { createCharts } from './charts.ts';
import { createCorpusChoice } from './corpus_choice.ts';
import { fileButton, find } from './elements.ts';
import { clear, fillPage, languageButtons, show } from './language.ts';
import { createLink } from './link.ts';
import { showMissing } from './missing.ts';
import { hideErrors, showError, showSettingError } from './notices.ts';
import { createPanel } from './panel.ts';
import type { AdapterFacts, Event as WorkerEvent } from './protocol.ts';
import { Run } from './run.ts';
import { createSampleList } from './samples.ts';
import { SettingError, settingsForm } from './settings.ts';

const TYPING_MS = 400;
/** Width from which the settings stand beside the run; below it their groups start closed. */
const WIDE = '(min-width: 60rem)';

function start(): void {
  const settings = settingsForm(find<HTMLFormElement>('settings'));
  const charts = createCharts(find('loss-chart'), find('gradient-chart'));
  const panel = createPanel();
  const samples = createSampleList(find<HTMLOListElement>('samples'), find('samples-empty'));
  const prompt = find<HTMLInputElement>('prompt');
  let adapter: AdapterFacts | null = null;

  const link = createLink({ receive, failed: (message) => run.lose({ lines: [['errorWorker', { message }]] }) });
  const corpus = createCorpusChoice({ settings, send: link.send, changed: (figures, isEmpty) => run.corpusChanged(figures, isEmpty) });
  const run = new Run({ link, settings, corpus, charts, panel, samples });

  function receive(event: WorkerEvent): void {
    switch (event.type) {
      case 'adapter':
        adapter = event.adapter;
        show(find('adapter'), 'adapter', { name: adapter.name });
        find('software').hidden = !adapter.isFallback;
        return;
      case 'ready':
        if (run.hasWork) return corpus.resend(() => run.goOn());
        return takeCorpus();
      case 'unavailable':
        // What the page shows of a run is not given up for an explanation.
        if (adapter) return run.lose({ lines: [['lostText']], detail: event.message });
        find('studio').hidden = true;
        return showMissing(find('missing'), event.message);
      case 'corpus': return corpus.receive(event.figures);
      case 'error':
        if (event.place === 'prompt') prompt.setAttribute('aria-invalid', 'true');
        return showError(event);
      default: return run.receive(event);
    }
  }

  function takeCorpus(): void {
    if (adapter) settings.propose(adapter, settings.corpus());
    void corpus.take();
  }

  function connectSettings(): void {
    const ownText = find<HTMLTextAreaElement>('own-text');
    let typing = 0;
    find('settings').addEventListener('input', ({ target }) => {
      const { name } = target as HTMLInputElement;
      if (target === ownText) {
        clear(find('file-taken'));
        clearTimeout(typing);
        typing = window.setTimeout(takeCorpus, TYPING_MS);
      } else if (name === 'corpus') {
        takeCorpus();
      } else if (name === 'form') {
        corpus.resend();
      } else if (name === 'rate') {
        link.send({ type: 'rate', rate: settings.rate() });
      } else if (['temperature', 'topK', 'length', 'every'].includes(name)) {
        sendSampling();
      }
    });
    const group = find('group-text');
    group.addEventListener('dragover', (event) => {
      if (!run.isEmpty) return;
      event.preventDefault();
      group.classList.add('over');
    });
    group.addEventListener('dragleave', () => group.classList.remove('over'));
    group.addEventListener('drop', (event) => {
      group.classList.remove('over');
      const file = event.dataTransfer?.files[0];
      if (!file || !run.isEmpty) return;
      event.preventDefault();
      void corpus.takeFile(file);
    });
    const wide = matchMedia(WIDE).matches;
    for (const details of document.querySelectorAll<HTMLDetailsElement>('.settings details')) details.open = wide;
  }

  function sendSampling(): void {
    try {
      link.send({ type: 'sampling', sampling: settings.readSampling() });
      hideErrors('sampling');
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      showSettingError(error);
    }
  }

  /** What holds numbers or is drawn, in the page's language. */
  function refresh(): void {
    settings.refresh();
    panel.refresh();
    corpus.refresh();
    charts.rebuild();
  }

  connectSettings();
  fileButton(find('load'), find('load-file'), (file) => run.loadFile(file));
  fileButton(find('choose-file'), find('own-file'), (file) => corpus.takeFile(file));
  find<HTMLInputElement>('log-steps').addEventListener('change', (event) => charts.setLogSteps((event.target as HTMLInputElement).checked));
  prompt.addEventListener('input', () => {
    prompt.removeAttribute('aria-invalid');
    hideErrors('prompt');
  });
  languageButtons(refresh);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', charts.rebuild);
  refresh();
  show(find('status'), 'stateOpening');
  link.start();
  run.enable();
}

fillPage();
if ('gpu' in navigator) {
  find('studio').hidden = false;
  start();
} else {
  languageButtons(() => undefined);
  showMissing(find('missing'), null);
}
