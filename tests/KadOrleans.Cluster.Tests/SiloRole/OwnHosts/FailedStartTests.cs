using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo whose start fails in a process that goes on, as with a program that tries again.</summary>
public sealed class FailedStartTests
{
    private const int Failing = ServiceLifecycleStage.ApplicationServices;

    [Fact]
    public async Task What_had_started_stops_once()
    {
        var stages = new Stages();
        using (var host = Build(stages))
        {
            stages.Fails = true;
            Assert.Same(stages.Failure, await Record.ExceptionAsync(() => host.StartAsync(TestContext.Current.CancellationToken)));
            Assert.Empty(stages.Stopped);
        }

        Assert.Equal([Failing, ServiceLifecycleStage.RuntimeServices, ServiceLifecycleStage.First], stages.Stopped);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silo_that_has_started_stops_once(bool isStopped)
    {
        var stages = new Stages();
        using (var host = Build(stages))
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            if (isStopped)
            {
                await host.StopAsync(TestContext.Current.CancellationToken);
            }
        }

        Assert.Equal([Failing, ServiceLifecycleStage.RuntimeServices, ServiceLifecycleStage.First], stages.Stopped);
    }

    private static IHost Build(Stages stages)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Tcp(), FreePort.Tcp()).UseInMemoryReminderService();
            silo.AddMemoryGrainStorage(GrainStorageName.Kad).UseKadGrains();
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(stages);
        });
        return builder.Build();
    }

    /// <summary>Notes which stages stop, and fails in the last one that it starts.</summary>
    private sealed class Stages : ILifecycleParticipant<ISiloLifecycle>
    {
        public InvalidOperationException Failure { get; } = new("It fails.");

        public bool Fails { get; set; }

        public List<int> Stopped { get; } = [];

        public void Participate(ISiloLifecycle observer)
        {
            foreach (var stage in new[] { ServiceLifecycleStage.First, ServiceLifecycleStage.RuntimeServices, Failing })
            {
                observer.Subscribe(nameof(Stages), stage, _ => Start(stage), _ => Stop(stage));
            }
        }

        private Task Start(int stage) => Fails && stage == Failing ? Task.FromException(Failure) : Task.CompletedTask;

        private Task Stop(int stage)
        {
            Stopped.Add(stage);
            return Task.CompletedTask;
        }
    }
}
