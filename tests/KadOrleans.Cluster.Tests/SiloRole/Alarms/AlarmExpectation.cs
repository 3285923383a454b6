namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>For which labels an alarm is to fire at a minute; for none: it is silent.</summary>
internal sealed record AlarmExpectation(
    int Minute, string Alarm, IReadOnlyList<IReadOnlyDictionary<string, string>> Firing);
