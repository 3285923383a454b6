namespace KadOrleans.Silo.Health;

/// <summary><c>/status</c>: how cluster, silo and edges are, as JSON. It changes nothing.</summary>
internal static class StatusEndpoint
{
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/status", async context =>
    {
        var report = context.RequestServices.GetRequiredService<StatusReport>();
        await JsonAnswer.WriteAsync(context, await report.CreateAsync(context.RequestAborted));
    });
}
