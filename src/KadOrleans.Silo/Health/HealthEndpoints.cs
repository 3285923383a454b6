using System.Text.Json.Nodes;

namespace KadOrleans.Silo.Health;

/// <summary>
/// <c>/health/live</c>: 200 as long as the process answers, whatever the silo or its storage are at. <c>/health/ready</c>: 200
/// while the silo takes calls and its storage answers, else 503. Both are open to all, and say hardly more than a word.
/// </summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", context => AnswerAsync(context, true, "live"));
        endpoints.MapGet("/health/ready", context =>
        {
            var readiness = context.RequestServices.GetRequiredService<SiloReadiness>();
            var state = readiness.State;
            return AnswerAsync(context, readiness.IsReady, state);
        });
    }

    private static Task AnswerAsync(HttpContext context, bool healthy, string state)
    {
        context.Response.StatusCode = healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return JsonAnswer.WriteAsync(context, new JsonObject { ["status"] = state });
    }
}
