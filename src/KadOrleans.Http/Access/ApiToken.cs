using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Http.Access;

/// <summary>A program's token, as the server knows it.</summary>
/// <param name="Name">Who has it: 1 to 64 characters. Names are unique.</param>
/// <param name="Sha256">The SHA-256 of the token's UTF-8 bytes, in 64 hexadecimal digits. The token itself is kept nowhere.</param>
/// <param name="Scopes">What it allows: names of <see cref="ApiScope"/>, at least one.</param>
/// <param name="RequestsPerSecond">The bound on its requests, 1 to 1,000,000. As many may come at once.</param>
internal sealed record ApiToken(string Name, string Sha256, IReadOnlyList<string> Scopes, int RequestsPerSecond = ApiToken.DefaultRate)
{
    /// <summary>The most requests a second, if a token has no bound of its own.</summary>
    public const int DefaultRate = 1_000;

    /// <summary>The highest bound of a token.</summary>
    public const int MaxRate = 1_000_000;

    /// <summary>The longest name.</summary>
    public const int MaxName = 64;

    // 256 bits cannot be guessed, so a hash without salt and stretching is enough.
    private const int SecretBytes = 32;

    /// <summary>Creates a new token and what the server is told of it.</summary>
    public static (string Secret, ApiToken Token) Create(string name, IReadOnlyList<string> scopes, int requestsPerSecond = DefaultRate)
    {
        var secret = $"kad_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes))}";
        return (secret, new ApiToken(name, HashOf(secret), scopes, requestsPerSecond));
    }

    /// <summary>The hash of a token that a request has.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>What a token may allow.</summary>
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

    /// <summary>All scopes.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Write, View, Manage];
}
