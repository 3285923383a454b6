using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace KadOrleans.Server;

/// <summary>The provider, as API and console use it.</summary>
internal sealed class IdentityProvider(
    KadOidcOptions options, UserMapping users, bool signsIn, IOptionsMonitor<JwtBearerOptions> bearer, TimeProvider time) : IIdentityProvider
{
    public string? Name => signsIn ? options.Name ?? new Uri(options.Authority).Host : null;

    public async Task<FoundUser> FindUserAsync(HttpContext context)
    {
        if (options.Audience is null)
        {
            return new FoundUser(
                null, $"This server takes no tokens of the identity provider, as {KadOidcOptions.AudienceSetting} is not set; one of this server is needed.");
        }

        if (await FindOutageAsync(context.RequestAborted) is { } outage)
        {
            return new FoundUser(null, outage, IsUnavailable: true);
        }

        var result = await context.AuthenticateAsync(OidcSignIn.BearerScheme);
        return !result.Succeeded ? new FoundUser(null, TokenProblems.Explain(result.Failure, options))
            : users.TryMap(result.Principal, result.Properties.ExpiresUtc ?? time.GetUtcNow(), out var user) ? new FoundUser(user)
            : new FoundUser(null, "The token has no claim 'sub', which says whose it is.");
    }

    public async Task BeginAsync(HttpContext context)
    {
        if (await FindOutageAsync(context.RequestAborted) is { } outage)
        {
            await BrowserSignIn.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, outage);
            return;
        }

        await context.ChallengeAsync(OidcSignIn.BrowserScheme);
    }

    // What the provider says of itself is asked for once, and again after half a day or for a key that is not known, at most each few
    // minutes. What is known serves on while the provider does not respond.
    private async Task<string?> FindOutageAsync(CancellationToken cancellationToken)
    {
        try
        {
            await bearer.Get(OidcSignIn.BearerScheme).ConfigurationManager!.GetConfigurationAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or ArgumentException)
        {
            return $"The identity provider {options.Authority} does not say its keys; try again, or use a token of this server.";
        }
    }
}
