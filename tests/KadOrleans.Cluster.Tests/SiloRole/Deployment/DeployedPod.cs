namespace KadOrleans.Cluster.Tests.SiloRole;

// A pod's container as a process, with the environment of image and manifests, and the Secret that these mount. Addresses, ports, name and
// storage are this machine's: by settings that go over all others.
internal sealed class DeployedPod(
    string overlay,
    string part,
    string name,
    string folder,
    SecretVolume tokens,
    params IReadOnlyList<(string Name, string Value)> settings) : RestartableServer
{
    private readonly Manifests _manifests = Manifests.Of(overlay);
    private readonly int _http = FreePort.Tcp();
    private readonly int _silo = FreePort.Tcp();
    private readonly int _gateway = FreePort.Tcp();

    /// <summary>What <c>kubectl port-forward</c> leads to.</summary>
    public string Http => $"127.0.0.1:{_http.ToString(CultureInfo.InvariantCulture)}";

    public string Gateway => $"127.0.0.1:{_gateway.ToString(CultureInfo.InvariantCulture)}";

    public IPEndPoint Address { get; } = new(IPAddress.Loopback, FreePort.Udp());

    public string Id { get; private set; } = string.Empty;

    private JsonObject Workload => part == "silo" ? _manifests.Silo : _manifests.Edge;

    public override async Task StartAsync()
    {
        Process = ChildProcess.Start(ServerExecutable.Name, folder, CreateEnvironment(), []);
        var line = await Process.LineAsync(part == "silo" ? "health " : $"listening udp {Address} id ");
        Id = part == "silo" ? string.Empty : line.Split(' ')[4];
        foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
        {
            // A probe that fails is asked again, as the kubelet does.
            var path = Workload.Text($"spec.template.spec.containers.0.{probe}.httpGet.path")!;
            await Eventually.ReadAsync(() => GetAsync(path), code => code == HttpStatusCode.OK);
        }
    }

    public async Task<HttpStatusCode> GetAsync(string path, string? credentials = null)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Http}{path}");
        if (credentials is not null)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(credentials)));
        }

        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private Dictionary<string, string> CreateEnvironment()
    {
        var given = ContainerEnvironment.Of(_manifests, Workload);
        var here = new Dictionary<string, string>
        {
            ["Kad__Http"] = Local(given["Kad__Http"], _http),
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

        // This test reads where it serves from the lines for people.
        given["Logging__Console__FormatterName"] = "line";
        foreach (var (variable, value) in settings)
        {
            given[variable] = value;
        }

        Mount(given);
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

    // Each file below a mounted Secret is one of this machine's.
    private void Mount(Dictionary<string, string> given)
    {
        foreach (var volume in Workload.Pod().Entries("volumes").Where(volume => volume.At("secret") is not null))
        {
            Assert.Equal("kad-tokens", volume.Text("secret.secretName"));
            var mount = Assert.Single(Workload.Container().Entries("volumeMounts"), mount => mount.Text("name") == volume.Text("name"))
                .Text("mountPath");
            foreach (var (variable, path) in given.Where(one => one.Value.StartsWith($"{mount}/", StringComparison.Ordinal)).ToList())
            {
                given[variable] = tokens[Path.GetRelativePath(mount!, path)];
            }
        }
    }

    private static string Local(string address, int port) =>
        $"{address[..address.LastIndexOf(':')]}:{port.ToString(CultureInfo.InvariantCulture)}";
}
