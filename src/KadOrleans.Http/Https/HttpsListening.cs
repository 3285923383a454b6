using System.Net.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace KadOrleans.Http;

// HTTPS with a certificate that is read again for each connection, so that a renewed one needs no restart.
internal static class HttpsListening
{
    /// <summary>The longest time of a handshake, after which a connection that did not end it is closed.</summary>
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The certificate cannot be used. One sentence.</exception>
    public static void UseHttps(this ListenOptions listen, HttpCertificateOptions options)
    {
        var services = listen.ApplicationServices;
        var reader = new HttpCertificateReader(options, TimeProvider.System);
        var certificate = new RenewedCertificate<PresentedCertificate>(
            reader.Read, reader.Read(), TimeProvider.System, services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(HttpsListening)));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeout,
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Get().Context }),
        });
    }
}
