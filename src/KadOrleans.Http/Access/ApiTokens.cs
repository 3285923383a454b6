using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace KadOrleans.Http;

/// <summary>
/// The tokens that a server accepts, which may be replaced while it runs. Without any the API is not served. Safe for several threads.
/// </summary>
internal sealed partial class ApiTokens(params IEnumerable<ApiToken> tokens)
{
    private const int MaxTokens = 1_000;
    private const int MaxFileBytes = 1 << 20;

    // What a script makes of a token that it failed to read.
    private static readonly string HashOfNothing = ApiToken.HashOf(string.Empty);

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    private volatile FrozenDictionary<string, ApiToken> _byHash = ByHash(tokens);

    /// <summary>Reads a file: <c>{"tokens":[{"name":…,"sha256":…,"scopes":["read","write"],"requestsPerSecond":1000}]}</c>.</summary>
    /// <exception cref="OptionsValidationException">It cannot be read, or one of its tokens is wrong. One sentence.</exception>
    public static IReadOnlyList<ApiToken> Read(string setting, string path) => Parse(setting, path, ReadBytes(setting, path, out _));

    public static string Write(IReadOnlyList<ApiToken> tokens) => JsonSerializer.Serialize(new Document(tokens), Strict);

    /// <summary>Those that are accepted now, by name.</summary>
    public IReadOnlyList<ApiToken> All => [.. _byHash.Values.OrderBy(token => token.Name, StringComparer.Ordinal)];

    /// <summary>Finds a token by its secret. An empty one is nobody's, whatever hashes there are.</summary>
    public bool TryFind(string secret, [NotNullWhen(true)] out ApiToken? token)
    {
        token = null;
        return secret.Length > 0 && _byHash.TryGetValue(ApiToken.HashOf(secret), out token);
    }

    /// <summary>Finds what a token is now that was accepted before: its scopes may be others.</summary>
    public bool TryRenew(ApiToken former, [NotNullWhen(true)] out ApiToken? token) => _byHash.TryGetValue(former.Sha256, out token);

    /// <summary>Whether a token that was accepted before still is, with all scopes that it had.</summary>
    public bool StillAllow(ApiToken token) => TryRenew(token, out var now) && token.Scopes.All(now.Scopes.Contains);

    /// <summary>Replaces all tokens, for requests that come from now on and at the next event of streams that are open.</summary>
    public void Replace(IEnumerable<ApiToken> tokens) => _byHash = ByHash(tokens);

    /// <summary>What is wrong with the tokens of a file, as the middle of a sentence; null if nothing is.</summary>
    public static string? FindProblem(IReadOnlyList<ApiToken> tokens)
    {
        if (tokens.Count is 0 or > MaxTokens)
        {
            return $"there are {tokens.Count} tokens; 1 to {MaxTokens} are allowed";
        }

        // JSON may have null in a list, whatever the type says.
        if (tokens.Any(token => token is null || token.Scopes.Any(scope => scope is null)))
        {
            return "a token or a scope is null";
        }

        var names = new HashSet<string>();
        var hashes = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return tokens.Select(ProblemOf).FirstOrDefault(problem => problem is not null);

        string? ProblemOf(ApiToken token)
        {
            var name = VisibleText.Excerpt(token.Name);
            return token switch
            {
                { Name.Length: 0 or > ApiToken.MaxName } => $"a name is '{name}'; 1 to {ApiToken.MaxName} characters are allowed",
                { Sha256.Length: not 64 } => $"sha256 of token '{name}' has {token.Sha256.Length} characters; 64 hexadecimal digits are needed",
                _ when !token.Sha256.All(char.IsAsciiHexDigit) => $"sha256 of token '{name}' is not hexadecimal; 64 digits are needed",
                _ when token.Sha256.Equals(HashOfNothing, StringComparison.OrdinalIgnoreCase) =>
                    $"sha256 of token '{name}' is that of an empty text; that of a token is needed",
                { RequestsPerSecond: < 1 or > ApiToken.MaxRate } =>
                    $"requestsPerSecond of token '{name}' is {token.RequestsPerSecond}; 1 to {ApiToken.MaxRate} is allowed",
                { Scopes.Count: 0 } => $"token '{name}' has no scopes; {string.Join(", ", ApiScope.All)} are allowed",
                _ when token.Scopes.Except(ApiScope.All).FirstOrDefault() is { } scope =>
                    $"a scope of token '{name}' is '{VisibleText.Excerpt(scope)}'; {string.Join(", ", ApiScope.All)} are allowed",
                _ when !names.Add(token.Name) => $"two tokens have the name '{name}'; each needs its own",
                _ when !hashes.Add(token.Sha256) => $"token '{name}' has the sha256 of another one; each needs its own",
                _ => null,
            };
        }
    }

    /// <summary>The bytes of a file of tokens, at most 1 MiB.</summary>
    /// <param name="setting">The setting that names the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="isPipe">Whether it can be read once only.</param>
    /// <exception cref="OptionsValidationException">It cannot be read. One sentence.</exception>
    internal static byte[] ReadBytes(string setting, string path, out bool isPipe)
    {
        try
        {
            using var file = TokenFileLock.OpenToRead(path);
            isPipe = !file.CanSeek;
            return ReadBytes(setting, path, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw KadSettings.Mistake($"{setting}: '{path}' cannot be read ({Phrases.OfFile(path, e)}).");
        }
    }

    /// <summary>The bytes of a file of tokens that is open.</summary>
    internal static byte[] ReadBytes(string setting, string path, FileStream file)
    {
        // A pipe has no length.
        var content = new byte[MaxFileBytes + 1];
        var length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return length <= MaxFileBytes
            ? content[..length]
            : throw KadSettings.Mistake($"{setting}: '{path}' has more than {MaxFileBytes} bytes, the most allowed.");
    }

    /// <summary>The tokens that a file's bytes have.</summary>
    /// <exception cref="OptionsValidationException">One of them is wrong, or it is no such file. One sentence.</exception>
    internal static IReadOnlyList<ApiToken> Parse(string setting, string path, ReadOnlySpan<byte> content)
    {
        try
        {
            var tokens = JsonSerializer.Deserialize<Document>(content, Strict)?.Tokens ?? [];
            return FindProblem(tokens) is { } problem
                ? throw KadSettings.Mistake($"{setting}: {WithoutSecrets(problem)} in '{path}'.")
                : tokens;
        }
        catch (JsonException e)
        {
            throw KadSettings.Mistake($"{setting}: '{path}' is no file of tokens ({WithoutSecrets(Phrases.OfJson(e))}).");
        }
    }

    // A token that was put where its name, a scope or a member belongs.
    private static string WithoutSecrets(string problem) => Secret().Replace(problem, "kad_…");

    [GeneratedRegex("kad_[0-9a-fA-F]{16,}")]
    private static partial Regex Secret();

    // Of a token that is there twice, as one that a file has beside the server's own, the first is taken.
    private static FrozenDictionary<string, ApiToken> ByHash(IEnumerable<ApiToken> tokens) => tokens
        .DistinctBy(token => token.Sha256, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(token => token.Sha256, StringComparer.OrdinalIgnoreCase);

    private sealed record Document(IReadOnlyList<ApiToken> Tokens);
}
