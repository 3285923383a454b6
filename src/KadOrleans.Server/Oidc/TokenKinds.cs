using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace KadOrleans.Server;

/// <summary>
/// Tells an access token from a provider's other tokens, which its keys sign as well, by what it must have. That is its type (RFC 9068, §2.1),
/// or a claim that access tokens alone have. An ID token says who signed in at a client, and a logout token who left: neither gives anything.
/// </summary>
internal static class TokenKinds
{
    // RFC 9068, §4: either of them.
    private static readonly string[] AccessTypes = ["at+jwt", "application/at+jwt"];

    // Of providers whose access tokens are of the type JWT, or have none. RFC 9068 §2.2 and RFC 8693 §4.2 have the first two, Entra ID and Okta
    // scp, Entra ID the method by which the client proved itself, Auth0 the last two.
    private static readonly string[] AccessClaims = ["scope", "client_id", "scp", "azpacr", "appidacr", "gty", "permissions"];

    // OpenID Connect Core 1.0, §2 and §3: that one of them is missing says nothing, and that it is there says enough.
    private static readonly string[] IdClaims = ["at_hash", "c_hash", "nonce"];

    // Of providers that name the kind in a claim: Cognito, Keycloak. It decides where it is.
    private static readonly (string Claim, string OfAccess)[] KindClaims = [("token_use", "access"), ("typ", "Bearer")];

    /// <summary>Why a token is no access token that whoever shows it may use, as a sentence; null if it is one.</summary>
    public static string? FindRefusal(JsonWebToken token)
    {
        if (token.TryGetHeaderValue<object>("crit", out _))
        {
            return "The token has the header 'crit', so it may be used only by who knows what is named there, which this server does not.";
        }

        if (token.TryGetPayloadValue<object>("cnf", out _))
        {
            return "The token is bound to a key of its holder by the claim 'cnf', which this server does not check; a bearer token is needed.";
        }

        var type = token.Typ is { Length: > 0 } named ? named : "JWT";
        if (AccessTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        if (!type.Equals("JWT", StringComparison.OrdinalIgnoreCase))
        {
            return $"The token is of the type {KadSettings.Quote(type)}; an access token is needed.";
        }

        foreach (var (claim, ofAccess) in KindClaims)
        {
            if (token.TryGetPayloadValue<string>(claim, out var kind))
            {
                return kind == ofAccess ? null
                    : $"The token's claim '{claim}' is {KadSettings.Quote(kind)}; '{ofAccess}' is needed, which an access token has.";
            }
        }

        return AccessClaims.Any(Has) && !IdClaims.Any(Has) ? null
            : "Nothing says that the token is an access token: neither the type 'at+jwt' nor one of the claims "
                + $"{string.Join(", ", AccessClaims)}. An ID token is for the client that signed the user in; an access token is needed.";

        bool Has(string claim) => token.TryGetPayloadValue<object>(claim, out _);
    }

    /// <summary>The same for the handler that validates a token.</summary>
    /// <exception cref="SecurityTokenInvalidTypeException">It is none. The message is the sentence.</exception>
    public static string Validate(string? type, SecurityToken token) => FindRefusal((JsonWebToken)token) is { } refusal
        ? throw new SecurityTokenInvalidTypeException(refusal) { InvalidType = type }
        : type ?? string.Empty;
}
