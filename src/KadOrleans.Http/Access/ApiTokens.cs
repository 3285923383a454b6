using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using KadOrleans.Core;
using KadOrleans.Hosting;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Options;

namespace KadOrleans.Http.Access;

/// <summary>The tokens that a server accepts. Without any the API is not served.</summary>
internal sealed class ApiTokens
{
    /// <summary>The most tokens of a server.</summary>
    public const int MaxTokens = 1_000;

    private const long MaxFileBytes = 1 << 20;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    private readonly FrozenDictionary<string, ApiToken> _byHash;

    private ApiTokens(IEnumerable<ApiToken> tokens)
    {
        _byHash = tokens.ToFrozenDictionary(token => token.Sha256, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Tokens that the caller has made.</summary>
    public static ApiTokens Of(params IEnumerable<ApiToken> tokens) => new(tokens);

    /// <summary>Reads a file: <c>{"tokens":[{"name":…,"sha256":…,"scopes":["read","write"],"requestsPerSecond":1000}]}</c>.</summary>
    /// <param name="setting">The setting with the path, for the sentence of an error.</param>
    /// <param name="path">The file, at most 1 MiB.</param>
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

    /// <summary>The content of a file with these tokens.</summary>
    public static string Write(IReadOnlyList<ApiToken> tokens) => JsonSerializer.Serialize(new TokenFile(tokens), Strict);

    /// <summary>The token of a request, if it is one of these.</summary>
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
        foreach (var token in tokens)
        {
            var name = VisibleText.Excerpt(token.Name);
            var problem = token switch
            {
                { Name.Length: 0 or > ApiToken.MaxName } => $"a name is '{name}'; 1 to {ApiToken.MaxName} characters are allowed",
                { Sha256.Length: not 64 } => $"sha256 of token '{name}' has {token.Sha256.Length} characters; 64 hexadecimal digits are needed",
                _ when !token.Sha256.All(char.IsAsciiHexDigit) => $"sha256 of token '{name}' is not hexadecimal; 64 digits are needed",
                { RequestsPerSecond: < 1 or > ApiToken.MaxRate } =>
                    $"requestsPerSecond of token '{name}' is {token.RequestsPerSecond}; 1 to {ApiToken.MaxRate} is allowed",
                { Scopes.Count: 0 } => $"token '{name}' has no scopes; {string.Join(", ", ApiScope.All)} are allowed",
                _ when token.Scopes.FirstOrDefault(scope => !ApiScope.All.Contains(scope)) is { } scope =>
                    $"a scope of token '{name}' is '{VisibleText.Excerpt(scope)}'; {string.Join(", ", ApiScope.All)} are allowed",
                _ when !names.Add(token.Name) => $"two tokens have the name '{name}'; each needs its own",
                _ when !hashes.Add(token.Sha256) => $"token '{name}' has the sha256 of another one; each needs its own",
                _ => null,
            };
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private sealed record TokenFile(IReadOnlyList<ApiToken> Tokens);
}
