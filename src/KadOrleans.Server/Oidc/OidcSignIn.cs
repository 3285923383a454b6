using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace KadOrleans.Server;

/// <summary>
/// Sign-in by OpenID Connect: access tokens for <c>/v1</c>, and for the console the authorization code flow with PKCE, which ends in the
/// console's own session.
/// </summary>
internal static class OidcSignIn
{
    internal const string BearerScheme = "oidc-bearer";
    internal const string BrowserScheme = "oidc-browser";

    // How far the provider's clock may be off.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    // How long a call of the provider may take.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // Signatures with the provider's private key. None by a secret that others share, and no token without one.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    public static void AddServices(IServiceCollection services, KadOidcOptions options, bool hasConsole)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        var signsIn = hasConsole && options.ClientId is not null;
        var users = new UserMapping(options);
        var schemes = services.AddAuthentication().AddJwtBearer(BearerScheme, bearer => SetUp(bearer, options));
        if (signsIn)
        {
            // What a sign-in carries through the provider, for minutes: only the process that began it can read it.
            services.AddDataProtection().UseEphemeralDataProtectionProvider();
            schemes.AddOpenIdConnect(BrowserScheme, displayName: null, browser => SetUp(browser, options, new BrowserEvents(users, options)));

            // Both go by the same keys, so that a sign-in begins only if what it needs of the provider is known.
            services.AddOptions<OpenIdConnectOptions>(BrowserScheme).Configure<IOptionsMonitor<JwtBearerOptions>>(
                (browser, bearer) => browser.ConfigurationManager = bearer.Get(BearerScheme).ConfigurationManager);
        }

        services.AddSingleton<IIdentityProvider>(provider => ActivatorUtilities.CreateInstance<IdentityProvider>(provider, options, users, signsIn));
    }

    private static void SetUp(JwtBearerOptions bearer, KadOidcOptions options)
    {
        bearer.Authority = options.Authority;
        bearer.RequireHttpsMetadata = !options.IsInClear;
        bearer.BackchannelTimeout = Timeout;
        bearer.MapInboundClaims = false;
        bearer.SaveToken = false;
        bearer.TokenValidationParameters = Parameters();
        bearer.TokenValidationParameters.ValidAudience = options.Audience;
        bearer.TokenValidationParameters.TypeValidator = static (type, token, _) => TokenKinds.Validate(type, token);
    }

    private static void SetUp(OpenIdConnectOptions browser, KadOidcOptions options, BrowserEvents events)
    {
        browser.Authority = options.Authority;
        browser.RequireHttpsMetadata = !options.IsInClear;
        browser.BackchannelTimeout = Timeout;
        browser.MapInboundClaims = false;
        browser.SaveTokens = false;
        browser.TokenValidationParameters = Parameters();
        browser.ClientId = options.ClientId;
        browser.ClientSecret = options.ClientSecret;
        browser.ResponseType = OpenIdConnectResponseType.Code;
        browser.ResponseMode = OpenIdConnectResponseMode.Query;
        browser.UsePkce = true;

        // Else each stranger's request for a sign-in would call the provider under the client's secret.
        browser.PushedAuthorizationBehavior = PushedAuthorizationBehavior.Disable;
        browser.DisableTelemetry = true;
        browser.CallbackPath = $"{ConsoleHosting.Root}/sign-in/done";

        // A session ends here alone.
        browser.RemoteSignOutPath = PathString.Empty;
        browser.SignedOutCallbackPath = PathString.Empty;

        // They come back with the browser's way from the provider.
        foreach (var cookie in (CookieBuilder[])[browser.CorrelationCookie, browser.NonceCookie])
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        browser.Events = events;
    }

    private static TokenValidationParameters Parameters() => new() { ClockSkew = ClockSkew, ValidAlgorithms = Algorithms };
}
