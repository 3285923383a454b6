using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace KadOrleans.Server;

// HTTP basic authentication (RFC 7617) for the dashboard. The password is sent unencrypted, so an address that other machines
// reach belongs behind TLS. Refused requests are not logged: a stranger could fill the log.
internal sealed class DashboardAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, KadOptions settings)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, NullLoggerFactory.Instance, UrlEncoder.Default)
{
    private const string Basic = "Basic";

    public static void Add(IServiceCollection services) => services
        .AddTransient<DashboardAuthentication>()
        .AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = Basic;
            authentication.AddScheme<DashboardAuthentication>(Basic, displayName: null);
        })
        .AddAuthorization();

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var isAllowed = settings.Dashboard is { } credentials
            && AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
            && header.Scheme.Equals(Basic, StringComparison.OrdinalIgnoreCase)
            && Matches(header.Parameter ?? string.Empty, credentials);
        return Task.FromResult(isAllowed
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Basic)), Basic))
            : AuthenticateResult.NoResult());
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Basic realm=\"KadOrleans\", charset=\"UTF-8\"";
        return Task.CompletedTask;
    }

    // Hashes have one length, so the comparison's time does not depend on the password's length.
    private static bool Matches(string given, DashboardCredentials credentials)
    {
        var bytes = new byte[given.Length];
        return Convert.TryFromBase64String(given, bytes, out var length)
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(bytes.AsSpan(0, length)),
                SHA256.HashData(Encoding.UTF8.GetBytes($"{credentials.User}:{credentials.Password}")));
    }
}
