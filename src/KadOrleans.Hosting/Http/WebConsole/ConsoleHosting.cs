using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Hosting;

/// <summary>
/// The console: pages for a browser, over the management API. A token with the scope <c>view</c> begins a session; changes need
/// <c>manage</c>.
/// </summary>
internal static class ConsoleHosting
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
        console.AddEndpointFilter<SecurityHeaders>();
        SessionApi.Map(console);
        OverviewFeed.Map(console);
        console.MapGet("/{**path}", (string? path, HttpContext context, ConsoleAssets assets) => assets.Respond(path, context));
    }
}

/// <summary>
/// What a browser may do with the pages: run and load what this server has, and nothing else. Text of strangers that became markup by a
/// mistake would load and run nothing; Trusted Types make such a mistake fail at once.
/// </summary>
internal sealed class SecurityHeaders : IEndpointFilter
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
        + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
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
