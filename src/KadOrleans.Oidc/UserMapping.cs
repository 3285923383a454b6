using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;

namespace KadOrleans.Oidc;

/// <summary>Makes users of claims, without I/O.</summary>
internal sealed class UserMapping(KadOidcOptions options)
{
    private const string Subject = "sub";

    // The most characters of a name, with the subject behind it.
    private const int MaxName = 128;

    /// <summary>The user of a principal; none if it says not who it is. Without a role it has no scope.</summary>
    public bool TryMap(ClaimsPrincipal principal, DateTimeOffset endsAt, [NotNullWhen(true)] out SignedInUser? user)
    {
        user = principal.FindFirst(Subject)?.Value is { Length: > 0 } subject
            ? new SignedInUser(
                NameOf(principal, subject), ApiToken.HashOf($"{options.Authority}\0{subject}"), options.Roles.ScopesOf(RolesOf(principal)), endsAt)
            : null;
        return user is not null;
    }

    private HashSet<string> RolesOf(ClaimsPrincipal principal) =>
        [.. principal.FindAll(options.RolesClaim).SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    // A provider may give one user's name to another one later, never the subject.
    private string NameOf(ClaimsPrincipal principal, string subject)
    {
        var name = principal.FindFirst(options.NameClaim)?.Value;
        var text = string.IsNullOrWhiteSpace(name) || name == subject ? subject : $"{name} ({subject})";
        return text.Length <= MaxName ? text : text[..MaxName];
    }
}
