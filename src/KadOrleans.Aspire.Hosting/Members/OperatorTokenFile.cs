using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>The file of tokens of a cluster's processes: one token with every scope, by its hash.</summary>
internal static class OperatorTokenFile
{
    private const int MinLength = 16;
    private const int RequestsPerSecond = 1_000;

    private static readonly string[] Scopes = ["read", "write", "view", "manage"];

    /// <summary>Writes the file for its owner alone, and returns its path. Its processes are started at the same time.</summary>
    public static async Task<string> WriteAsync(KadClusterResource cluster, CancellationToken cancellationToken)
    {
        var token = await cluster.Token.GetValueAsync(cancellationToken);
        if (token is not { Length: >= MinLength })
        {
            throw new DistributedApplicationException(
                $"The parameter '{cluster.Token.Name}' has {token?.Length ?? 0} characters; a token has {MinLength} or more.");
        }

        var document = new
        {
            tokens = new[]
            {
                new
                {
                    name = "aspire",
                    sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
                    scopes = Scopes,
                    requestsPerSecond = RequestsPerSecond,
                },
            },
        };

        // A process that reads it meanwhile gets the whole of one or the other.
        var path = Path.Combine(cluster.Folder, "tokens.json");
        var next = Path.Combine(cluster.Folder, Path.GetRandomFileName());
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
        return path;
    }
}
