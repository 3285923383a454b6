using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Http;

// A program's token, as the server knows it: the token itself is kept nowhere. Names, of 1 to 64 characters, are unique. The SHA-256 of the
// token's UTF-8 bytes has 64 hexadecimal digits. There is at least one scope of ApiScope. The requests of a second may come at once.
internal record ApiToken(string Name, string Sha256, IReadOnlyList<string> Scopes, int RequestsPerSecond = ApiToken.DefaultRate)
{
    public const int DefaultRate = 1_000;
    public const int MaxRate = 1_000_000;
    public const int MaxName = 64;

    // 256 bits cannot be guessed, so a hash without salt and stretching is enough.
    private const int SecretBytes = 32;

    /// <summary>What its requests and exports are counted by: another one for each token and each user, whatever they are called.</summary>
    internal (bool IsUser, string Sha256) Account => (this is SignedInUser, Sha256);

    /// <summary>Creates a new token and what the server is told of it.</summary>
    public static (string Secret, ApiToken Token) Create(string name, IReadOnlyList<string> scopes, int requestsPerSecond = DefaultRate)
    {
        var secret = $"kad_{Random()}";
        return (secret, new ApiToken(name, HashOf(secret), scopes, requestsPerSecond));
    }

    public static string Random() => RandomNumberGenerator.GetHexString(2 * SecretBytes, lowercase: true);

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

internal static class ApiScope
{
    /// <summary>Get values, watch keys, find nodes, and read the status.</summary>
    public const string Read = "read";

    /// <summary>Set values and end publications.</summary>
    public const string Write = "write";

    /// <summary>Look into what is held, into routing tables, and into the audit log.</summary>
    public const string View = "view";

    /// <summary>Change what the management API can change.</summary>
    public const string Manage = "manage";

    /// <summary>Have signed items kept for their owners until a time, whoever they are.</summary>
    public const string Keep = "keep";

    public static IReadOnlyList<string> All { get; } = [Read, Write, View, Manage, Keep];

    /// <summary>That a token or a user lacks a scope.</summary>
    public static string LackOf(ApiToken token, string? needed)
    {
        var has = token.Scopes.Count == 0 ? "none" : string.Join(", ", token.Scopes);
        return token is SignedInUser
            ? $"No role of the user '{token.Name}' gives the scope '{needed}'; its roles give {has}."
            : $"The token '{token.Name}' lacks the scope '{needed}'; it has {has}.";
    }
}
