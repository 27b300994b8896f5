"""The site's addresses with those of single sign-on, which exist only where it is configured."""

from guanxi.site import urls
from guanxi.web.screens.core import sign_in

urlpatterns = [*sign_in._sso(), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
