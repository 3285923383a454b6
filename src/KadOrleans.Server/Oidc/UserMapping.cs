using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace KadOrleans.Server;

/// <summary>Makes users of claims, without I/O.</summary>
internal sealed class UserMapping(KadOidcOptions options)
{
    private const string Subject = "sub";

    /// <summary>The user of a principal; none if it says not who it is. Without a role it has no scope.</summary>
    public bool TryMap(ClaimsPrincipal principal, DateTimeOffset endsAt, [NotNullWhen(true)] out SignedInUser? user)
    {
        user = principal.FindFirst(Subject)?.Value is { Length: > 0 } subject
            ? new SignedInUser(
                SignedInUser.NameOf(principal.FindFirst(options.NameClaim)?.Value, subject),
                ApiToken.HashOf($"{options.Authority}\0{subject}"),
                options.Roles.ScopesOf(RolesOf(principal)),
                endsAt)
            : null;
        return user is not null;
    }

    // Only scopes come as one text with spaces between them (RFC 8693 §4.2, and scp of Entra ID). A group may have spaces in its name.
    private HashSet<string> RolesOf(ClaimsPrincipal principal)
    {
        var values = principal.FindAll(options.RolesClaim).Select(claim => claim.Value).ToList();
        return options.RolesClaim is "scope" or "scp" && values is [var scopes]
            ? [.. scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)]
            : [.. values];
    }
}
