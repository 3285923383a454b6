using System.Net.Sockets;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A port of 0 is chosen before it is listened on, so another process may take it.</summary>
public sealed class ChosenPortTests : FolderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_port_that_is_lost_before_it_is_listened_on_is_replaced_by_another(bool isGateway)
    {
        using var thief = new Thief { Ports = 2, TakesGateway = isGateway };
        var run = await EndedRun.OfSiloAsync(Folder, new KadProviders().Add(thief), "Kad:Edge:Enabled=false");

        Assert.True(run.Code == 0, run.Errors);
        Assert.Equal(3, thief.Starts);
        Assert.Contains("health http://", run.Output, StringComparison.Ordinal);
        Assert.Equal(2, run.Lines.Count(line => line.Contains("the start is tried again with others", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_start_is_tried_again_a_few_times_alone()
    {
        using var thief = new Thief { Ports = int.MaxValue };
        var run = await EndedRun.OfSiloAsync(Folder, new KadProviders().Add(thief), "Kad:Edge:Enabled=false");

        Assert.Equal((2, ChosenPorts.MostTries), (run.Code, thief.Starts));
        Assert.Matches("^kad-server: Kad:Silo:Port [0-9]+ or Kad:Silo:GatewayPort [0-9]+ cannot be listened on: ", run.Lines[^1]);
    }

    [Fact]
    public async Task A_port_that_a_setting_names_is_not_replaced()
    {
        using var thief = new Thief { Ports = int.MaxValue };
        var run = await EndedRun.OfSiloAsync(
            Folder,
            new KadProviders().Add(thief),
            "Kad:Edge:Enabled=false", $"Kad:Silo:Port={FreePort.Tcp()}", $"Kad:Silo:GatewayPort={FreePort.Tcp()}");

        Assert.Equal((2, 1), (run.Code, thief.Starts));
    }

    [Fact]
    public async Task A_port_that_is_lost_before_it_is_checked_is_replaced_too()
    {
        await using var silo = new HostedSilo(Folder);
        var endpoints = silo.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        using var listener = new TcpListener(endpoints.AdvertisedIPAddress, endpoints.SiloPort);
        listener.Start();

        var failure = Assert.Throws<SocketException>(() => silo.Services.GetRequiredService<PortCheck>().ValidateConfiguration());

        Assert.True(ChosenPorts.WereTaken(failure, new KadSiloOptions { Port = 0 }));
        Assert.True(ChosenPorts.WereTaken(new InvalidOperationException("outer", failure), new KadSiloOptions { GatewayPort = 0 }));
        Assert.False(ChosenPorts.WereTaken(failure, new KadSiloOptions()));
        Assert.False(ChosenPorts.WereTaken(new IOException("of HTTP", failure), new KadSiloOptions { Port = 0 }));
        Assert.False(ChosenPorts.WereTaken(new SocketException((int)SocketError.AccessDenied), new KadSiloOptions { Port = 0 }));
    }

    // A storage that no silo uses. It is asked after the ports were checked and before Orleans listens. Then it takes a port, or has the silo
    // stop as soon as it has started.
    private sealed class Thief : IStorageProvider, IDisposable
    {
        private readonly List<TcpListener> _taken = [];

        public int Ports { get; init; }

        public bool TakesGateway { get; init; }

        public int Starts { get; private set; }

        public string Name => "Thief";

        public string FindObstacle(string section) => "keeps nothing";

        public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo) =>
            throw new NotSupportedException("It keeps nothing.");

        public Task CheckAsync(IServiceProvider services)
        {
            if (++Starts > Ports)
            {
                var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
                lifetime.ApplicationStarted.Register(lifetime.StopApplication);
                return Task.CompletedTask;
            }

            var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
            var place = TakesGateway
                ? Gateway.Find(endpoints)!
                : PortCheck.FindSilo(endpoints)!;
            var listener = new TcpListener(place);
            listener.Start();
            _taken.Add(listener);
            return Task.CompletedTask;
        }

        public void Dispose() => _taken.ForEach(listener => listener.Dispose());
    }
}
