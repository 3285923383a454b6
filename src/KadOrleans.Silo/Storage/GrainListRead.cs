namespace KadOrleans.Silo.Storage;

/// <summary>Reads which grains of a type have a stored state.</summary>
internal sealed class GrainListRead(string grainType) : ResultOperation<IReadOnlyList<string>>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements statements) => Result = statements.ListGrains($"{grainType}/");
}
