using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Node.Joining;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>
/// Reads <see cref="EdgeOptions"/> from configuration. A list is one text with commas, or a section with one key per entry.
/// </summary>
public static class EdgeOptionsReader
{
    private const string UploadPerEndpoint = "UploadPerEndpoint";

    private static readonly string[] Known =
    [
        "Name", "NodeIds", nameof(EdgeOptions.Listen), nameof(EdgeOptions.Bootstrap), nameof(EdgeOptions.Trust), UploadPerEndpoint,
        nameof(EdgeOptions.Upload),
    ];

    /// <summary>Reads the section, which may be empty.</summary>
    /// <exception cref="OptionsValidationException">
    /// Mistakes, unknown keys among them: one sentence for each, which names the setting, its value and what is allowed.
    /// </exception>
    public static EdgeOptions Read(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var problems = new List<string>();
        foreach (var key in section.GetChildren().Select(c => c.Key).Where(k => !Known.Contains(k, StringComparer.OrdinalIgnoreCase)))
        {
            problems.Add($"{section.Path}:{key} is not a setting; {string.Join(", ", Known)} are.");
        }

        var options = new EdgeOptions
        {
            Name = ReadName(section, problems),
            Listen = ReadListen(section, problems),
            Bootstrap = ReadBootstrap(section, problems),
            Trust = ReadTrust(section, problems),
            Upload = ReadUpload(section, problems),
        };
        return problems.Count == 0
            ? options
            : throw new OptionsValidationException(section.Path, typeof(EdgeOptions), problems);
    }

    private static string ReadName(IConfigurationSection section, List<string> problems)
    {
        var name = section["Name"] ?? Environment.MachineName;
        if (name.Trim().Length is 0 or > EdgeOptions.MaxNameLength || name.Any(char.IsControl))
        {
            problems.Add($"{section.Path}:Name is '{name}'; 1 to {EdgeOptions.MaxNameLength} printable characters are needed.");
        }

        return name.Trim();
    }

    private static List<UdpEndpoint> ReadListen(IConfigurationSection section, List<string> problems)
    {
        var listen = new List<UdpEndpoint>();
        var before = problems.Count;
        foreach (var text in ReadList(section, nameof(EdgeOptions.Listen), problems))
        {
            if (UdpEndpoint.TryParse(text, out var endpoint))
            {
                listen.Add(endpoint);
            }
            else
            {
                problems.Add($"{section.Path}:Listen is '{text}'; IP:PORT is needed, such as 0.0.0.0:8468, with a port of 1 to "
                    + "65535, or 0 for any free one.");
            }
        }

        var count = ReadCount(section, listen.Count, problems);
        if (problems.Count > before)
        {
            return listen;
        }

        if (listen.Count == 0)
        {
            listen.Add(UdpEndpoint.FromIPv4(0, EdgeOptions.DefaultPort));
        }

        return Spread(section, listen, count, problems);
    }

    private static int ReadCount(IConfigurationSection section, int listed, List<string> problems)
    {
        var text = section["NodeIds"];
        if (text is null && listed <= EdgeOptions.MaxNodeIds)
        {
            return Math.Max(1, listed);
        }

        if (text is null)
        {
            problems.Add($"{section.Path}:Listen has {listed} entries; at most {EdgeOptions.MaxNodeIds} are allowed.");
            return 1;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > EdgeOptions.MaxNodeIds)
        {
            problems.Add($"{section.Path}:NodeIds is '{text}'; 1 to {EdgeOptions.MaxNodeIds} is allowed.");
        }

        return count;
    }

    /// <summary>One endpoint per id: those listed, or consecutive ports from the only one.</summary>
    private static List<UdpEndpoint> Spread(IConfigurationSection section, List<UdpEndpoint> listed, int count, List<string> problems)
    {
        if (listed.Count == count)
        {
            if (listed.Where(e => e.Port != 0).GroupBy(e => e).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
            {
                problems.Add($"{section.Path}:Listen has {twice} more than once; each node id needs an address and port of its own.");
            }

            return listed;
        }

        if (listed.Count > 1)
        {
            problems.Add($"{section.Path}:Listen has {listed.Count} entries for {count} node ids; one is needed, whose port is the "
                + "first of as many, or one for each.");
            return listed;
        }

        var first = listed[0];
        if (first.Port != 0 && first.Port + count - 1 > ushort.MaxValue)
        {
            problems.Add($"{section.Path}:Listen is '{first}'; {count} ports from {first.Port} on go beyond 65535.");
            return listed;
        }

        return [.. Enumerable.Range(0, count).Select(i => first.Port == 0 ? first : first.WithPort((ushort)(first.Port + i)))];
    }

    private static List<string> ReadBootstrap(IConfigurationSection section, List<string> problems)
    {
        var nodes = ReadList(section, nameof(EdgeOptions.Bootstrap), problems);
        foreach (var node in nodes)
        {
            if (!HostAddress.TryParse(node, out _, out var problem))
            {
                problems.Add($"{section.Path}:Bootstrap: {problem}");
            }
        }

        return nodes;
    }

    private static List<string> ReadTrust(IConfigurationSection section, List<string> problems)
    {
        var ranges = ReadList(section, nameof(EdgeOptions.Trust), problems);
        foreach (var range in ranges.Where(r => !AddressRange.TryParse(r, out _)))
        {
            problems.Add($"{section.Path}:Trust is '{range}'; an address range such as 10.0.0.0/8 or fd00::/8 is needed.");
        }

        return ranges;
    }

    private static UploadLimits ReadUpload(IConfigurationSection section, List<string> problems)
    {
        var limits = new UploadLimits();
        return new UploadLimits
        {
            PerEndpoint = ReadBytes(section, UploadPerEndpoint, limits.PerEndpoint, problems),
            Total = ReadBytes(section, nameof(EdgeOptions.Upload), limits.Total, problems),
        };
    }

    private static long ReadBytes(IConfigurationSection section, string name, long unset, List<string> problems)
    {
        var text = section[name];
        if (text is null)
        {
            return unset;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) || !UploadLimits.IsValid(bytes))
        {
            problems.Add($"{section.Path}:{name} is '{text}'; {UploadLimits.Allowed}.");
        }

        return bytes;
    }

    private static List<string> ReadList(IConfigurationSection section, string name, List<string> problems)
    {
        var list = section.GetSection(name);
        var texts = new List<string>();
        foreach (var entry in list.GetChildren())
        {
            if (int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) && entry.Value is { } text)
            {
                texts.Add(text.Trim());
            }
            else
            {
                problems.Add($"{entry.Path} is not a setting; {list.Path} is a list.");
            }
        }

        texts.AddRange((list.Value ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return texts;
    }
}
