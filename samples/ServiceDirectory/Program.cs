using KadOrleans;
using KadOrleans.Node;
using KadOrleans.Signatures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServiceDirectory;

// A service:  dotnet run --project samples/ServiceDirectory -- --Key=shop.pem --Serves=10.0.0.7:443 --Kad:Bootstrap:0=127.0.0.1:8468
// A caller:   dotnet run --project samples/ServiceDirectory -- --Finds=<public key> --Kad:Bootstrap:0=127.0.0.1:8468
var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration;

// A caller asks the network, and holds nothing of it.
settings["Kad:ClientOnly"] = settings["Finds"] is null ? "false" : "true";
var node = builder.Services.AddKadNode(settings.GetSection("Kad")).UseUdp(settings["Listen"] ?? "0.0.0.0:0");
if (settings["Finds"] is null)
{
    node.UseSqlite(settings["Data"] ?? "directory-data");
}

// The host would log a port in use, or a folder in use, with its stack.
builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
try
{
    // What is wrong with the arguments is said before anything starts.
    var wanted = settings["Finds"] is { } text ? ReadPublicKey(text) : null;
    using var pair = wanted is null ? await ReadKeyAsync(Need("Key")) : null;
    var address = wanted is null ? Need("Serves") : string.Empty;

    using var host = builder.Build();
    await host.StartAsync();
    var dht = host.Services.GetRequiredService<IDht>();
    await dht.WaitUntilReadyAsync();
    var registry = new Registry(dht);
    var isDone = pair is null
        ? await FindAsync(registry, wanted!)
        : await ServeAsync(registry, pair, address, host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    await host.StopAsync();
    return isDone ? 0 : 1;
}
catch (Exception e) when (e is TransportException or DhtUnavailableException or OptionsValidationException or RegistryException
    or IOException or UnauthorizedAccessException)
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

static async Task<bool> ServeAsync(Registry registry, Ed25519KeyPair pair, string address, CancellationToken stopping)
{
    await registry.AnnounceAsync(pair.ToSigner(), address, stopping);
    Console.WriteLine($"{Convert.ToHexStringLower(pair.PublicKey.Span)} is at {address}.");

    // Until it is stopped. Then nobody is to call it any more.
    await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    await registry.EndAsync(pair.ToSigner(), CancellationToken.None);
    Console.WriteLine("It has ended.");
    return true;
}

static byte[] ReadPublicKey(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigit)
    ? Convert.FromHexString(text)
    : throw new RegistryException($"--Finds is '{text}'; a public key of 64 hexadecimal digits is needed.");

static async Task<Ed25519KeyPair> ReadKeyAsync(string path) => Ed25519KeyPair.TryFromPem(await File.ReadAllTextAsync(path), out var pair)
    ? pair
    : throw new RegistryException($"--Key is '{path}', which has no private key; 'kad item keygen FILE' makes a file with one.");

string Need(string name) => settings[name] is { Length: > 0 } given
    ? given
    : throw new RegistryException($"--{name}=… is missing; --Key=FILE and --Serves=ADDRESS are needed, or --Finds=KEY.");
