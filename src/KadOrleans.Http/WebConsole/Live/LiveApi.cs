using System.Net.ServerSentEvents;
using KadOrleans.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace KadOrleans.Http.WebConsole.Live;

/// <summary>The overview by server-sent events, one each <see cref="OverviewFeed.Interval"/>.</summary>
internal static class LiveApi
{
    /// <summary>The event.</summary>
    public const string Event = "overview";

    /// <summary>Adds the endpoint to the group of the console.</summary>
    public static void Map(RouteGroupBuilder console) => console
        .MapGet("/live", (HttpContext context, OverviewFeed feed, BrowserSessions sessions, IHostApplicationLifetime lifetime) =>
            TypedResults.ServerSentEvents(EventsAsync(context, feed, sessions, lifetime)))
        .RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));

    private static async IAsyncEnumerable<SseItem<Overview>> EventsAsync(
        HttpContext context, OverviewFeed feed, BrowserSessions sessions, IHostApplicationLifetime lifetime)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var secret = SessionCookie.Read(context.Request);
        await foreach (var overview in feed.WatchAsync(ending.Token))
        {
            // The session may have ended since.
            if (TokenAuthentication.SessionOf(context) is not null && !sessions.TryFind(secret!, out _))
            {
                yield break;
            }

            yield return new SseItem<Overview>(overview, Event);
        }
    }
}
