using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace KadOrleans.Hosting;

/// <summary>The tokens that a server accepts. Without any the API is not served.</summary>
public sealed class ApiTokens(params IEnumerable<ApiToken> tokens)
{
    private const int MaxTokens = 1_000;
    private const long MaxFileBytes = 1 << 20;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    private readonly FrozenDictionary<string, ApiToken> _byHash =
        tokens.ToFrozenDictionary(token => token.Sha256, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a file: <c>{"tokens":[{"name":…,"sha256":…,"scopes":["read","write"],"requestsPerSecond":1000}]}</c>.</summary>
    /// <exception cref="OptionsValidationException">It cannot be read, or one of its tokens is wrong. One sentence.</exception>
    public static IReadOnlyList<ApiToken> Read(string setting, string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes and var length })
            {
                throw KadSettings.Mistake($"{setting}: '{path}' has {length} bytes; at most {MaxFileBytes} are allowed.");
            }

            var tokens = JsonSerializer.Deserialize<TokenFile>(File.ReadAllBytes(path), Strict)?.Tokens ?? [];
            return FindProblem(tokens) is { } problem
                ? throw KadSettings.Mistake($"{setting}: {problem} in '{path}'.")
                : tokens;
        }
        catch (JsonException e)
        {
            throw KadSettings.Mistake($"{setting}: '{path}' is no file of tokens ({Phrases.Of(e.Message)}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw KadSettings.Mistake($"{setting}: '{path}' cannot be read ({Phrases.Of(e.Message)}).");
        }
    }

    public static string Write(IReadOnlyList<ApiToken> tokens) => JsonSerializer.Serialize(new TokenFile(tokens), Strict);

    public bool TryFind(string secret, [NotNullWhen(true)] out ApiToken? token) => _byHash.TryGetValue(ApiToken.HashOf(secret), out token);

    /// <summary>What is wrong with the tokens of a file, as the middle of a sentence; null if nothing is.</summary>
    public static string? FindProblem(IReadOnlyList<ApiToken> tokens)
    {
        if (tokens.Count is 0 or > MaxTokens)
        {
            return $"there are {tokens.Count} tokens; 1 to {MaxTokens} are allowed";
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

    private sealed record TokenFile(IReadOnlyList<ApiToken> Tokens);
}
