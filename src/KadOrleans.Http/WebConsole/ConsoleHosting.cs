using KadOrleans.Http.WebConsole.Assets;
using KadOrleans.Http.WebConsole.Live;
using KadOrleans.Http.WebConsole.Sessions;
using KadOrleans.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Http.WebConsole;

/// <summary>
/// The console: pages for a browser, over the management API. A token with the scope <c>view</c> begins a session; changes need
/// <c>manage</c>.
/// </summary>
internal static class ConsoleHosting
{
    /// <summary>The path of the pages.</summary>
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
        LiveApi.Map(console);
        console.MapGet("/{**path}", (string? path, HttpContext context, ConsoleAssets assets) => assets.Respond(path, context));
    }
}
