using System.Collections.Frozen;
using System.Reflection;

namespace KadOrleans.Http;

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

    private readonly FrozenDictionary<string, FixedContent> _assets = Read().ToFrozenDictionary();

    /// <summary>The response to a request for a file below the console's path; null or empty is the page itself.</summary>
    public IResult Respond(string? path, HttpContext context)
    {
        if (string.IsNullOrEmpty(path))
        {
            // The page names its files relative to its own path, so that it can stand behind a proxy under any other.
            return context.Request.Path.Value!.EndsWith('/') ? _assets[Index].Respond(context) : TypedResults.Redirect("console/");
        }

        return _assets.TryGetValue(path, out var asset) ? asset.Respond(context) : ApiProblem.Create(
            StatusCodes.Status404NotFound, $"The console has no {VisibleText.Excerpt(path)}; {ConsoleHosting.Root}/ has its pages.");
    }

    private static IEnumerable<KeyValuePair<string, FixedContent>> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => Types.ContainsKey(Path.GetExtension(name))))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            yield return new(name.Replace('\\', '/'), FixedContent.Of(content, Types[Path.GetExtension(name)]));
        }
    }
}
