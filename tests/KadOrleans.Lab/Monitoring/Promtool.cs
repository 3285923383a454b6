namespace KadOrleans.Lab;

/// <summary>Prometheus' own checker of rules, where it is installed.</summary>
public static class Promtool
{
    public static string Problems(params string[] args)
    {
        var (exitCode, output, errors) = Kubectl.End("promtool", string.Empty, args);
        return exitCode == 0 ? string.Empty : $"promtool {string.Join(' ', args)}: {output}{errors}";
    }
}
