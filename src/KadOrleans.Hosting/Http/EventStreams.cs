using System.Net.ServerSentEvents;

namespace KadOrleans.Hosting;

internal static class EventStreams
{
    /// <summary>
    /// Responds with server-sent events, as they come, while the token and the session last that asked for them. A HEAD request gets the headers
    /// alone.
    /// </summary>
    public static IResult Send<T>(HttpContext context, IAsyncEnumerable<SseItem<T>> events)
    {
        // nginx would hold events and heartbeats back until it has a buffer full of them.
        context.Response.Headers["X-Accel-Buffering"] = "no";

        // The stream is disposed after the event that it has or waits for.
        return TypedResults.ServerSentEvents(context.IsHead() ? events.Take(1) : events.TakeWhile(_ => IsAllowed(context)));
    }

    // A token may be removed, or lose a scope, while the process runs.
    private static bool IsAllowed(HttpContext context) =>
        context.RequestServices.GetRequiredService<ApiTokens>().StillAllow(TokenAuthentication.TokenOf(context))
        && (TokenAuthentication.SessionOf(context) is null
            || SessionCookie.TryFind(context.Request, context.RequestServices.GetRequiredService<BrowserSessions>(), out _));
}
