import { App, definePlugin, ModelBackend } from '@zooid/spec';
import { LanguageApp } from './language-app.js';
import { ProfileBackend } from './profile-backend.js';

export default definePlugin({
  name: 'app-language',
  provides: [App, ModelBackend],
  register({ bind }) {
    bind(App).to(LanguageApp);
    bind(ModelBackend).to(ProfileBackend);
  },
});
