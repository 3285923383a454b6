using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>
/// The file of tokens of a cluster's processes: one token with every scope, by its hash, beside those that its console or <c>kad token</c> added.
/// </summary>
internal static class OperatorTokenFile
{
    private const int MinLength = 16;
    private const int RequestsPerSecond = 1_000;
    private const string Name = "aspire";

    private static readonly string[] Scopes = ["read", "write", "view", "manage"];

    /// <summary>
    /// Writes the file for its owner alone, unless it has the token, and returns its path. Its processes are started at the same time, and again
    /// while others run.
    /// </summary>
    /// <exception cref="DistributedApplicationException">The token is too short, or the file is none of tokens. One sentence.</exception>
    public static async Task<string> WriteAsync(KadClusterResource cluster, CancellationToken cancellationToken)
    {
        var token = await cluster.Token.GetValueAsync(cancellationToken);
        if (token is not { Length: >= MinLength })
        {
            throw new DistributedApplicationException(
                $"The parameter '{cluster.Token.Name}' has {token?.Length ?? 0} characters; a token has {MinLength} or more.");
        }

        var path = Path.Combine(cluster.Folder, "tokens.json");
        var held = File.Exists(path) ? Parse(path, await File.ReadAllTextAsync(path, cancellationToken)) : [];
        var entry = JsonSerializer.SerializeToNode(new
        {
            name = Name,
            sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
            scopes = Scopes,
            requestsPerSecond = RequestsPerSecond,
        })!;
        if (held.Any(one => JsonNode.DeepEquals(one, entry)))
        {
            return path;
        }

        var others = held.Where(one => one["name"]?.ToString() != Name).Select(one => one.DeepClone());
        await WriteAsync(path, new JsonObject { ["tokens"] = new JsonArray([entry, .. others]) }, cancellationToken);
        return path;
    }

    private static IReadOnlyList<JsonObject> Parse(string path, string content)
    {
        JsonNode? document = null;
        try
        {
            document = JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            // It is none, and is read no further.
        }

        // What is wrong with a token is said by the processes, which read it.
        return document is JsonObject file && file["tokens"] is JsonArray tokens && tokens.All(one => one is JsonObject)
            ? [.. tokens.OfType<JsonObject>()]
            : throw new DistributedApplicationException(
                $"'{path}' is no file of tokens; one that kad token wrote is needed, or none: without one the app host makes it.");
    }

    private static async Task WriteAsync(string path, JsonObject document, CancellationToken cancellationToken)
    {
        // A process that reads it meanwhile gets the whole of one or the other.
        var next = $"{path}.{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var file = new FileStream(next, options))
        {
            await JsonSerializer.SerializeAsync(file, document, cancellationToken: cancellationToken);
        }

        File.Move(next, path, overwrite: true);
    }
}
