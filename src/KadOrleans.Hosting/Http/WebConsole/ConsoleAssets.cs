using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Hosting;

/// <summary>The files of the pages, as they are embedded in this assembly.</summary>
internal sealed class ConsoleAssets
{
    private const string Index = "index.html";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private readonly FrozenDictionary<string, Asset> _assets = Read().ToFrozenDictionary();

    /// <summary>The response to a request for a file below the console's path; null or empty is the page itself.</summary>
    public IResult Respond(string? path, HttpContext context)
    {
        var name = string.IsNullOrEmpty(path) ? Index : path;
        if (name == Index && !context.Request.Path.Value!.EndsWith('/'))
        {
            // The page names its files relative to its own path, so that it can stand behind a proxy under any other.
            return TypedResults.Redirect("console/");
        }

        if (!_assets.TryGetValue(name, out var asset))
        {
            return ApiProblem.Create(
                StatusCodes.Status404NotFound, $"The console has no {VisibleText.Excerpt(name)}; {ConsoleHosting.Root}/ has its pages.");
        }

        // A newer build has other files under the same names.
        context.Response.Headers.CacheControl = "no-cache";
        return TypedResults.Bytes(asset.Content, asset.Type, entityTag: asset.Tag);
    }

    private static IEnumerable<KeyValuePair<string, Asset>> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames())
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"");
            yield return new(name.Replace('\\', '/'), new Asset(content, Types[Path.GetExtension(name)], tag));
        }
    }

    private sealed record Asset(byte[] Content, string Type, EntityTagHeaderValue Tag);
}
