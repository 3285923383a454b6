namespace KadOrleans.Http;

// The console: pages for a browser, over the management API. A token with the scope view begins a session; changes need manage.
internal static class ConsoleHosting
{
    public const string Root = "/console";

    /// <summary>Adds what the pages need beside the API and its <see cref="IDhtAdmin"/>.</summary>
    public static IServiceCollection AddKadConsole(this IServiceCollection services, ConsoleSubject subject) => services
        .AddSingleton(subject)
        .AddSingleton<BrowserSessions>()
        .AddSingleton<BrowserSignIn>()
        .AddSingleton<ConsoleAssets>()
        .AddSingleton<ManualPages>()
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
        console.MapGet("/docs", () => TypedResults.Redirect($"{Root}/docs/index.md"));
        console.MapGet("/docs/{page}.md", (string page, HttpContext context, ManualPages manual) => manual.Respond(page, context));
        console.MapGet("/{**path}", (string? path, HttpContext context, ConsoleAssets assets) => assets.Respond(path, context));
    }
}
