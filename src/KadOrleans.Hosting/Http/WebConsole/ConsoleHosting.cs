using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace KadOrleans.Hosting;

// The console: pages for a browser, over the management API. A token with the scope view begins a session; changes need manage.
public static class ConsoleHosting
{
    public const string Root = "/console";

    /// <summary>Adds what the pages need beside the API and its <see cref="IDhtAdmin"/>.</summary>
    public static IServiceCollection AddKadConsole(this IServiceCollection services) => services
        .AddSingleton<BrowserSessions>()
        .AddSingleton<ConsoleAssets>()
        .AddSingleton<OverviewFeed>()
        .AddHostedService(provider => provider.GetRequiredService<OverviewFeed>());

    /// <summary>Serves the pages, and redirects <c>/</c> to them.</summary>
    public static void MapKadConsole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/", () => TypedResults.Redirect("console/")).ExcludeFromDescription();
        var console = endpoints.MapGroup(Root).ExcludeFromDescription();
        console.AddEndpointFilter(SecurityHeaders.AddAsync);
        SessionApi.Map(console);
        OverviewFeed.Map(console);
        console.MapGet("/{**path}", (string? path, HttpContext context, ConsoleAssets assets) => assets.Respond(path, context));
    }
}

// What a browser may do with the pages: run and load what this server has, and nothing else. Text of strangers that became markup
// by a mistake would load and run nothing; Trusted Types make such a mistake fail at once.
internal static class SecurityHeaders
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
        + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public static ValueTask<object?> AddAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return next(context);
    }
}

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
