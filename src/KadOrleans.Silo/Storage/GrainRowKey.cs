namespace KadOrleans.Silo.Storage;

/// <summary>Which state of which grain a row holds.</summary>
internal readonly record struct GrainRowKey(string StateName, string GrainId)
{
    public override string ToString() => $"{StateName} of {GrainId}";
}
