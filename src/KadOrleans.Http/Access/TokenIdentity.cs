using System.Security.Claims;

namespace KadOrleans.Http;

/// <summary>Who made a request that was let in: its token, and its session if it came without the token.</summary>
internal sealed class TokenIdentity(ApiToken token, BrowserSession? session)
    : ClaimsIdentity(token.Scopes.Select(scope => new Claim(ScopeClaim, scope)), TokenAuthentication.Bearer)
{
    public const string ScopeClaim = "scope";

    public ApiToken Token => token;

    public BrowserSession? Session => session;
}
