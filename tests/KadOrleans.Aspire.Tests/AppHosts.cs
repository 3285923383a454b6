using Microsoft.Extensions.Logging;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KadOrleans.Aspire.Tests;

/// <summary>App hosts of the tests. They have no dashboard.</summary>
internal static class AppHosts
{
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public static IDistributedApplicationTestingBuilder Create()
    {
        var builder = DistributedApplicationTestingBuilder.Create();
        builder.Services.AddLogging(logging => logging.AddFilter("Polly", LogLevel.Warning));
        return builder;
    }

    /// <summary>The sentence of the exception that a cluster's mistake ends the start with, before any process.</summary>
    public static async Task<string> FailAsync(Action<IDistributedApplicationBuilder> compose)
    {
        await using var builder = Create();
        compose(builder);
        await using var host = await builder.BuildAsync();
        var exception = await Assert.ThrowsAsync<DistributedApplicationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken).WaitAsync(Longest));
        return exception.Message;
    }

    /// <summary>What the environment of a process has before it starts, without the values that come later.</summary>
    public static async Task<Dictionary<string, object>> EnvironmentOfAsync(this IDistributedApplicationBuilder builder, string resource)
    {
        var member = builder.Resources.Single(candidate => candidate.Name == resource);
        var context = new EnvironmentCallbackContext(builder.ExecutionContext, member, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var annotation in member.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            // Aspire's own need an endpoint that was given its port.
            if (annotation.Callback.Method.DeclaringType!.Assembly == typeof(KadClusterResource).Assembly)
            {
                await annotation.Callback(context);
            }
        }

        return context.EnvironmentVariables;
    }
}
