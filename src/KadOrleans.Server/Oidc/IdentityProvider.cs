using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace KadOrleans.Server;

/// <summary>The provider, as API and console use it.</summary>
internal sealed class IdentityProvider(
    KadOidcOptions options, UserMapping users, bool signsIn, IOptionsMonitor<JwtBearerOptions> bearer, TimeProvider time) : IIdentityProvider
{
    private readonly ProviderReading _reading = new(
        () => bearer.Get(OidcSignIn.BearerScheme).ConfigurationManager!.GetConfigurationAsync(CancellationToken.None), time);

    public string? Name => signsIn ? options.Name ?? new Uri(options.Authority).Host : null;

    private string Outage => $"The identity provider {options.Authority} does not say its keys; try again, or use a token of this server.";

    public async Task<FoundUser> FindUserAsync(HttpContext context)
    {
        if (options.Audience is null)
        {
            return new FoundUser(
                null, $"This server takes no tokens of the identity provider, as {KadOidcOptions.AudienceSetting} is not set; one of this server is needed.");
        }

        if (!await _reading.SucceedsAsync(context.RequestAborted))
        {
            return new FoundUser(null, Outage, IsUnavailable: true);
        }

        var result = await context.AuthenticateAsync(OidcSignIn.BearerScheme);
        return !result.Succeeded ? new FoundUser(null, TokenProblems.Explain(result.Failure, options))
            : users.TryMap(result.Principal, result.Properties.ExpiresUtc ?? time.GetUtcNow(), out var user) ? new FoundUser(user)
            : new FoundUser(null, "The token has no claim 'sub', which says whose it is.");
    }

    public async Task BeginAsync(HttpContext context)
    {
        if (!await _reading.SucceedsAsync(context.RequestAborted))
        {
            await BrowserSignIn.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, Outage);
            return;
        }

        await context.ChallengeAsync(OidcSignIn.BrowserScheme);
    }
}
