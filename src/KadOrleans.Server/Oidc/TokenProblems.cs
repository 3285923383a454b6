using System.Globalization;
using Microsoft.IdentityModel.Tokens;

namespace KadOrleans.Server;

/// <summary>Says in one sentence why a token of a provider is refused.</summary>
internal static class TokenProblems
{
    public static string Explain(Exception? failure, KadOidcOptions options) => (failure is AggregateException all ? all.InnerExceptions[0] : failure)
        switch
    {
        SecurityTokenExpiredException ended => $"The token expired at {Show(ended.Expires)}; a new one is needed.",
        SecurityTokenNotYetValidException early => $"The token is not valid before {Show(early.NotBefore)}.",
        SecurityTokenNoExpirationException => "The token has no claim 'exp'; one that expires is needed.",
        SecurityTokenInvalidIssuerException issuer => $"The token's issuer is {KadSettings.Quote(issuer.InvalidIssuer ?? string.Empty)}; one "
            + $"of {options.Authority} is needed.",
        SecurityTokenInvalidTypeException kind => kind.Message,
        SecurityTokenInvalidAudienceException => $"The token is for another audience; '{options.Audience}' is needed.",
        SecurityTokenInvalidSignatureException or SecurityTokenInvalidAlgorithmException => $"The token's signature is by no key of {options.Authority}.",
        _ => "The token is broken; one of this server's or of its identity provider is needed.",
    };

    private static string Show(DateTime? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "a time that it does not say";
}
