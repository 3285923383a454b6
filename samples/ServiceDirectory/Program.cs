using KadOrleans;
using KadOrleans.Node;
using KadOrleans.Signatures;
using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServiceDirectory;

// A service:  dotnet run --project samples/ServiceDirectory -- --Key=shop.pem --Serves=10.0.0.7:443 --Kad:Bootstrap:0=127.0.0.1:8468
// A caller:   dotnet run --project samples/ServiceDirectory -- --Finds=<public key> --Kad:Bootstrap:0=127.0.0.1:8468
var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration;
var node = builder.Services.AddKadNode(settings.GetSection("Kad")).UseUdp(settings["Listen"] ?? "0.0.0.0:0");
if (settings["Finds"] is null)
{
    node.UseSqlite(settings["Data"] ?? "directory-data");
}
else
{
    // A caller asks the network, and holds nothing of it.
    settings["Kad:ClientOnly"] = "true";
}

// The host would log a port in use, or a folder in use, with its stack.
builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
try
{
    using var host = builder.Build();
    await host.StartAsync();
    var dht = host.Services.GetRequiredService<IDht>();
    await dht.WaitUntilReadyAsync();
    var registry = new Registry(dht);
    var isDone = settings["Finds"] is { } wanted
        ? await FindAsync(registry, Convert.FromHexString(wanted))
        : await ServeAsync(registry, host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    await host.StopAsync();
    return isDone ? 0 : 1;
}
catch (Exception e) when (e is TransportException or DhtUnavailableException or OptionsValidationException or RegistryException
    or IOException or UnauthorizedAccessException or FormatException or ArgumentException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

static async Task<bool> FindAsync(Registry registry, byte[] service)
{
    var address = await registry.FindAsync(service, CancellationToken.None);
    Console.WriteLine(address ?? "No such service runs.");
    return address is not null;
}

async Task<bool> ServeAsync(Registry registry, CancellationToken stopping)
{
    var (path, address) = (Need("Key"), Need("Serves"));
    if (!Ed25519KeyPair.TryFromPem(await File.ReadAllTextAsync(path, stopping), out var read))
    {
        throw new RegistryException($"--Key={path} has no private key; 'kad item keygen {path}' makes one.");
    }

    using var pair = read;
    await registry.AnnounceAsync(pair.ToSigner(), address, stopping);
    Console.WriteLine($"{Convert.ToHexStringLower(pair.PublicKey.Span)} is at {address}.");

    // Until it is stopped. Then nobody is to call it any more.
    await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    await registry.EndAsync(pair.ToSigner(), CancellationToken.None);
    Console.WriteLine("It has ended.");
    return true;
}

string Need(string name) => settings[name] ?? throw new RegistryException($"--{name}=… is missing; --Key=FILE and --Serves=ADDRESS are needed, or --Finds=KEY.");
