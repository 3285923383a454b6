using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Http;

// Binds settings to options and checks them, before a host is built: they decide what it has. Each mistake is one sentence with
// the setting, its value and what is allowed. A blank value counts as missing.
internal static class KadSettings
{
    public const string Root = "Kad";

    // Settings of the host that turn off the watch of its files: a setting changed after the start has no effect. A watch covers
    // all folders below the working one, so it would report a silo's own writes there.
    public static readonly KeyValuePair<string, string?>[] Unwatched = [new("hostBuilder:reloadConfigOnChange", bool.FalseString)];

    // Lists of the grains have an entry for each key alone: a silo binds them, without the commas of others. The gateway's key is of grains and
    // clients alike.
    private static readonly KeyValuePair<string, KnownSetting>[] OfProcesses =
    [
        .. SettingsOf(typeof(KadOptions), string.Empty, isBoundByOthers: false),
        .. SettingsOf(typeof(KadClusterOptions), "Cluster:", isBoundByOthers: true).Where(static setting => setting.Value.Type != typeof(IList<string>)),
    ];

    /// <summary>The names of all settings, without <c>Kad:</c>. A name that ends in <c>:#</c> is that of a list's entries.</summary>
    public static IReadOnlyCollection<string> NamesWith(KnownStorages storages) => KnownWith(storages).Keys;

    /// <summary>Creates the exception for a mistake that ends the start of a process.</summary>
    /// <param name="sentence">The setting, its value unless that is a secret, and what is allowed.</param>
    public static OptionsValidationException Mistake(string sentence) => Mistakes([sentence]);

    /// <summary>A text of others in quotation marks, short and without control characters.</summary>
    public static string Quote(string text) => $"'{VisibleText.Excerpt(text)}'";

    public static bool IsEdge(IConfiguration configuration) =>
        nameof(ServerRole.Edge).Equals(configuration["Kad:Role"]?.Trim(), StringComparison.OrdinalIgnoreCase);

    public static KadOptions ReadSilo(IConfiguration configuration, KnownStorages storages) =>
        Read(configuration, storages, "kad-silo", KadOptions.SiloHttpPort);

    public static KadOptions ReadEdge(IConfiguration configuration, KnownStorages storages)
    {
        var options = Read(configuration, storages, "kad-edge", KadOptions.EdgeHttpPort);
        options.Role = ServerRole.Edge;
        return options;
    }

    /// <summary>The settings of a section that have a value, by their full names: a blank one counts as missing.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Given(IConfiguration configuration, string section)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.GetSection(section).AsEnumerable().Where(setting => !string.IsNullOrWhiteSpace(setting.Value));
    }

    /// <summary>Reads a section that its owner binds, as <see cref="SettingSection"/> names it.</summary>
    /// <exception cref="OptionsValidationException">A setting is unknown or of the wrong type; there is a sentence for each.</exception>
    public static TOptions ReadSection<TOptions>(IConfiguration configuration, string section)
        where TOptions : class, new()
    {
        var checks = new OptionChecks($"{Root}:", ':');
        var options = Bind<TOptions>(configuration, $"{Root}:{section}", checks) ?? new TOptions();
        checks.CheckBounds(options, $"{section}.");
        checks.ThrowIfWrong();
        return options;
    }

    /// <summary>Binds one section, and notes settings that are unknown or of the wrong type. Null if it is empty.</summary>
    internal static TOptions? Bind<TOptions>(IConfiguration configuration, string root, OptionChecks checks)
        where TOptions : class =>
        Bind<TOptions>(
            configuration,
            root,
            SettingsOf(typeof(TOptions), string.Empty, isBoundByOthers: false).ToDictionary(StringComparer.OrdinalIgnoreCase),
            checks);

    private static TOptions? Bind<TOptions>(
        IConfiguration configuration, string root, Dictionary<string, KnownSetting> known, OptionChecks checks)
        where TOptions : class
    {
        var given = new Dictionary<string, string?>();
        var lists = new List<(string Name, int Index, string Text)>();
        foreach (var (name, value) in configuration.GetSection(root).AsEnumerable(makePathsRelative: true))
        {
            if (name.Length == 0 || value is null)
            {
                continue;
            }

            if (value.Contains('\uFFFD', StringComparison.Ordinal))
            {
                // .NET reads each wrong byte as this character. The value may be a secret.
                checks.Problems.Add($"{root}:{name} is not UTF-8 text, which each setting must be.");
                continue;
            }

            var list = int.TryParse(name[(name.LastIndexOf(':') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                ? name[..Math.Max(0, name.LastIndexOf(':'))] : null;
            if (!known.TryGetValue(list is null ? name : $"{list}:#", out var setting))
            {
                string[] beside = [.. Beside(name, known.Keys).Select(other => $"{root}:{other}")];
                checks.Problems.Add(
                    $"{root}:{name} is not a setting; {string.Join(", ", beside)} {(beside.Length == 1 ? "is" : "are")}."
                    + Suggestion.Question($"{root}:{name}", known.Keys.Select(other => $"{root}:{other}")));
                continue;
            }

            if (value.Trim() is not { Length: > 0 } text)
            {
                continue;
            }

            if (SettingText.FindProblem(setting.Type, text) is { } problem)
            {
                checks.Problems.Add($"{root}:{name} is '{text}'; {problem}.");
            }
            else if (!setting.IsBoundByOthers && (list is not null || setting.Type == typeof(IList<string>)))
            {
                lists.Add((list ?? name, list is null ? -1 : index, text));
            }
            else if (!setting.IsBoundByOthers)
            {
                given[name.Equals("Http", StringComparison.OrdinalIgnoreCase) ? "Http:Address" : name] = text;
            }
        }

        AddLists(given, lists);
        return new ConfigurationBuilder().AddInMemoryCollection(given).Build().Get<TOptions>(binder => binder.ErrorOnUnknownConfiguration = true);
    }

    internal static void ThrowIfWrong(this OptionChecks checks)
    {
        if (checks.Problems.Count > 0)
        {
            throw Mistakes(checks.Problems);
        }
    }

    /// <summary>Parses IP:PORT, :PORT or PORT. Without an address it is on loopback.</summary>
    public static bool TryEndPoint(string text, out IPEndPoint value)
    {
        var local = text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? text["localhost".Length..] : text;
        if (ushort.TryParse(local.StartsWith(':') ? local[1..] : local, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            value = new IPEndPoint(IPAddress.Loopback, port);
            return true;
        }

        var isEndpoint = UdpEndpoint.TryParse(text, out var endpoint);
        value = isEndpoint ? new IPEndPoint(endpoint.ToIPAddress(), endpoint.Port) : new IPEndPoint(IPAddress.Loopback, 0);
        return isEndpoint;
    }

    /// <summary>Parses where HTTP is served: <see cref="TryEndPoint"/>, behind <c>https://</c> for HTTPS.</summary>
    public static bool TryHttp(string text, out IPEndPoint value, out bool isEncrypted)
    {
        const string https = "https://";
        isEncrypted = text.StartsWith(https, StringComparison.OrdinalIgnoreCase);
        return TryEndPoint(isEncrypted ? text[https.Length..] : text, out value);
    }

    private static OptionsValidationException Mistakes(IEnumerable<string> sentences) => new(Root, typeof(KadOptions), sentences);

    private static KadOptions Read(IConfiguration configuration, KnownStorages storages, string service, int httpPort)
    {
        var checks = new OptionChecks($"{Root}:", ':');
        var options = Bind<KadOptions>(configuration, Root, KnownWith(storages), checks) ?? new KadOptions();
        if (options is { Role: ServerRole.Silo or ServerRole.SiloAndEdge, Edge.Enabled: { } isEnabled } && isEnabled != options.HasEdge)
        {
            checks.Add("Edge:Enabled", isEnabled ? "true" : "false", $"with Kad:Role={options.Role} only {(isEnabled ? "false" : "true")} is allowed, or none");
        }

        CheckHttp(options.Http, configuration, httpPort, checks);
        if (options.Silo.Address is { } address && (!IPAddress.TryParse(address, out var ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            checks.Add("Silo:Address", address, "the IP address is needed that others reach it at, such as 127.0.0.1 or 10.0.0.4");
        }

        checks.CheckBounds(options.Silo, "Silo.");
        checks.CheckBounds(options.Http, "Http.");
        CheckDashboard(options.Dashboard, checks);
        options.Edge.Check(checks, "Edge:");
        foreach (var gateway in options.Cluster.Gateway.Where(g => !g.Contains(':', StringComparison.Ordinal) || !TryEndPoint(g, out var e) || e.Port == 0))
        {
            checks.Add("Cluster:Gateway", gateway, $"IP:PORT of a silo's gateway is needed, such as {ClientOptions.DefaultGateway}, or several with commas");
        }

        options.Tls?.Complete(configuration, checks);
        StorageSettings.Complete(options, configuration, storages, checks);
        checks.ThrowIfWrong();
        options.Telemetry = TelemetryOptions.Read(configuration, service);
        return options;
    }

    private static void CheckHttp(HttpSettings http, IConfiguration configuration, int defaultPort, OptionChecks checks)
    {
        if (TryHttp(http.Address ?? $"{defaultPort}", out var endpoint, out var isEncrypted))
        {
            http.EndPoint = endpoint;
            http.Certificate = isEncrypted ? ReadCertificate(http, configuration, checks) : null;
        }
        else
        {
            checks.Add("Http", http.Address!, $"IP:PORT or PORT is needed, such as 127.0.0.1:{defaultPort} or {defaultPort}, with a port of 1 "
                + $"to 65535, or 0 for any free one, behind https:// for HTTPS");
        }

        if (http.Hosts.FirstOrDefault(host => !HostNames.IsEntry(host)) is { } wrong)
        {
            checks.Add("Http:Hosts", wrong, $"{HostNames.Needed}, several with commas");
        }

        http.Oidc?.Check(checks);
        checks.CheckRanges(http.Proxies, "Http:Proxies");
    }

    private static HttpCertificateOptions? ReadCertificate(HttpSettings http, IConfiguration configuration, OptionChecks checks)
    {
        try
        {
            return HttpCertificateOptions.Read(configuration, $"{HttpSettings.Setting} is '{http.Address}'");
        }
        catch (OptionsValidationException mistake)
        {
            checks.Problems.AddRange(mistake.Failures);
            return null;
        }
    }

    private static void CheckDashboard(DashboardCredentials? dashboard, OptionChecks checks)
    {
        if (dashboard is { User: "" } or { Password: "" })
        {
            checks.Problems.Add($"Kad:Dashboard:{(dashboard.User.Length == 0 ? "User" : "Password")} is missing; the dashboard needs both a user and a password.");
        }
        else if (dashboard?.User.Contains(':', StringComparison.Ordinal) ?? false)
        {
            checks.Add("Dashboard:User", dashboard.User, "a name without a colon is needed");
        }
    }

    // A list has the entries of a text with commas, and behind them those that have a key each.
    private static void AddLists(Dictionary<string, string?> given, List<(string Name, int Index, string Text)> lists)
    {
        foreach (var list in lists.OrderBy(part => part.Index).GroupBy(part => part.Name, StringComparer.OrdinalIgnoreCase))
        {
            var entries = list.SelectMany(part => part.Text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            foreach (var (i, entry) in entries.Index())
            {
                given[$"{list.Key}:{i}"] = entry;
            }
        }
    }

    private static Dictionary<string, KnownSetting> KnownWith(KnownStorages storages) => OfProcesses
        .Concat(storages.Sections.SelectMany(section => SettingsOf(section.Options, $"{section.Name}:", isBoundByOthers: true)))
        .DistinctBy(static setting => setting.Key)
        .ToDictionary(StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<KeyValuePair<string, KnownSetting>> SettingsOf(Type options, string prefix, bool isBoundByOthers) =>
        TypesOf(options, prefix).Select(setting => KeyValuePair.Create(setting.Key, new KnownSetting(setting.Value, isBoundByOthers)));

    private static IEnumerable<KeyValuePair<string, Type>> TypesOf(Type options, string prefix) =>
        options.GetProperties().SelectMany<PropertyInfo, KeyValuePair<string, Type>>(property =>
        {
            var (name, type) = ($"{prefix}{property.Name}", Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
            return type == typeof(IList<string>) ? [new(name, type), new($"{name}:#", typeof(string))]
                : property.SetMethod is not { IsPublic: true } ? []
                : type.IsClass && type != typeof(string) ? TypesOf(type, $"{name}:")
                : [new(name == "Http:Address" ? "Http" : name, type)];
        });

    // The known settings of the same section, or the known sections.
    private static List<string> Beside(string name, IReadOnlyCollection<string> known)
    {
        var section = name[..(name.LastIndexOf(':') + 1)];
        var here = known.Where(other => other.StartsWith(section, StringComparison.OrdinalIgnoreCase)).ToList();
        return section.Length > 0 && here.Count > 0
            ? here
            : [.. known.Select(other => other.Split(':') is [var top, _, ..] ? $"{top}:*" : other).Distinct()];
    }

    /// <param name="Type">What its text is to be.</param>
    /// <param name="IsBoundByOthers">Whether others bind it: a silo to options of its grains, or a storage's provider.</param>
    private readonly record struct KnownSetting(Type Type, bool IsBoundByOthers);
}
