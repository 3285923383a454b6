using System.Diagnostics;
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

    // A change takes milliseconds, of a disk that is slow some hundred.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static readonly string[] Scopes = ["read", "write", "view", "manage", "keep"];

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
        await using var file = await OpenAloneAsync(path, cancellationToken);
        var held = await ReadAsync(path, file, cancellationToken);
        var entry = JsonSerializer.SerializeToNode(new
        {
            name = Name,
            sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
            scopes = Scopes,
            requestsPerSecond = RequestsPerSecond,
        })!;
        if (!held.Any(one => JsonNode.DeepEquals(one, entry)))
        {
            var others = held.Where(one => one["name"]?.ToString() != Name).Select(one => one.DeepClone());
            var document = new JsonObject { ["tokens"] = new JsonArray([entry, .. others]) };
            file.Position = 0;

            // A part of it would be no file of tokens.
            await JsonSerializer.SerializeAsync(file, document, cancellationToken: CancellationToken.None);
            file.SetLength(file.Position);
        }

        return path;
    }

    // Console and kad token have the file alone, too, while they change it, and readers wait.
    private static async Task<FileStream> OpenAloneAsync(string path, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        for (var begun = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            try
            {
                return new FileStream(path, options);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException) && Stopwatch.GetElapsedTime(begun) < MaxWait)
            {
                // Another one has it, for some milliseconds.
            }
        }
    }

    private static async Task<IReadOnlyList<JsonObject>> ReadAsync(string path, FileStream file, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
        {
            return [];
        }

        JsonNode? document = null;
        try
        {
            document = await JsonNode.ParseAsync(file, cancellationToken: cancellationToken);
        }
        catch (JsonException)
        {
            // It is none, and is read no further.
        }

        // What is wrong with a token is said by the processes, which read it.
        return document is JsonObject read && read["tokens"] is JsonArray tokens && tokens.All(one => one is JsonObject)
            ? [.. tokens.OfType<JsonObject>()]
            : throw new DistributedApplicationException(
                $"'{path}' is no file of tokens; one that kad token wrote is needed, or none: without one the app host makes it.");
    }
}
