using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The end of the rebalancer's worker.</summary>
public sealed class RebalancerStopTests
{
    [Fact]
    public async Task The_last_silo_that_stops_logs_no_error()
    {
        var errors = new Errors();
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
#pragma warning disable ORLEANSEXP002 // As the silo does.
            silo.AddActivationRebalancer();
#pragma warning restore ORLEANSEXP002
            RebalancerStop.Add(silo);
            silo.Services.AddLogging(logging => logging.AddProvider(errors));
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        await Eventually.ReadAsync(() => RebalancerStop.FindAsync(cluster.Client), silo => silo is not null);

        await cluster.StopAllSilosAsync();

        Assert.Empty(errors.Lines);
    }

    private sealed class Errors : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
