namespace KadOrleans.Cluster.Tests.SiloRole;

// A pod's container as a process, with the environment of image and overlay. Addresses, ports, name and database are this machine's.
internal sealed class DeployedPod(string part, string name, string database, string folder) : RestartableServer
{
    private readonly JsonObject _workload = part == "silo" ? Manifests.Of("postgres").Silo : Manifests.Of("postgres").Edge;
    private readonly int _http = FreePort.Tcp();
    private readonly int _silo = FreePort.Tcp();
    private readonly int _gateway = FreePort.Tcp();

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Udp());

    public string Id { get; private set; } = string.Empty;

    public override async Task StartAsync()
    {
        Process = ChildProcess.Start(ServerExecutable.Name, folder, CreateEnvironment(), []);
        var line = await Process.LineAsync(part == "silo" ? "health " : $"listening udp {Address} id ");
        Id = part == "silo" ? string.Empty : line.Split(' ')[4];
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
        {
            // A probe that fails is asked again, as the kubelet does.
            var path = _workload.Text($"spec.template.spec.containers.0.{probe}.httpGet.path")!;
            await Eventually.ReadAsync(() => GetAsync(path), code => code == HttpStatusCode.OK);
        }
    }

    public async Task<HttpStatusCode> GetAsync(string path, string? credentials = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_http.ToString(CultureInfo.InvariantCulture)}{path}");
        if (credentials is not null)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials)));
        }

        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private Dictionary<string, string> CreateEnvironment()
    {
        var given = ContainerEnvironment.Of(Manifests.Of("postgres"), _workload);
        var here = new Dictionary<string, string>
        {
            ["Kad__Http"] = Local(given["Kad__Http"], _http),
            ["Kad__PostgreSql__ConnectionString"] = database,
            ["Kad__Silo__Port"] = _silo.ToString(CultureInfo.InvariantCulture),
            ["Kad__Silo__GatewayPort"] = _gateway.ToString(CultureInfo.InvariantCulture),
            ["Orleans__Endpoints__AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans__Name"] = name,
            ["Kad__Edge__Listen"] = Address.ToString(),
            ["Kad__Edge__Name"] = name,
        };
        foreach (var variable in given.Keys.Intersect(here.Keys).ToList())
        {
            given[variable] = here[variable];
        }

        foreach (Match variable in Regex.Matches(Repository.Read("infra/docker/server.Dockerfile"), @"(?m)^(?:ENV|   ) (\w+)=(\S*)"))
        {
            given[variable.Groups[1].Value] = variable.Groups[2].Value;
        }

        foreach (var variable in (string[])["PATH", "HOME", "DOTNET_ROOT"])
        {
            if (Environment.GetEnvironmentVariable(variable) is { } value)
            {
                given[variable] = value;
            }
        }

        return given;
    }

    private static string Local(string address, int port) =>
        $"{address[..address.LastIndexOf(':')]}:{port.ToString(CultureInfo.InvariantCulture)}";
}
