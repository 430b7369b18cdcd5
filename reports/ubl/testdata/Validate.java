import com.helger.diver.api.coord.DVRCoordinate;
import com.helger.io.resource.FileSystemResource;
import com.helger.phive.api.execute.ValidationExecutionManager;
import com.helger.phive.api.executorset.ValidationExecutorSetRegistry;
import com.helger.phive.api.validity.IValidityDeterminator;
import com.helger.phive.en16931.EN16931Validation;
import com.helger.phive.peppol.PeppolValidation2026_05;
import com.helger.phive.xml.source.IValidationSourceXML;
import com.helger.phive.xml.source.ValidationSourceXML;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Validates files: java Validate FOLDER. A file named *.peppol.xml is held against EN 16931
 * and Peppol BIS Billing 3.0, any other *.xml against EN 16931. Prints, separated by tabs, for
 * every step taken: file, "checked", step, number of findings; and before it for every
 * finding: file, level, rule, text.
 */
public class Validate {
    public static void main(String[] args) throws Exception {
        var registry = new ValidationExecutorSetRegistry<IValidationSourceXML>();
        EN16931Validation.initEN16931(registry);
        PeppolValidation2026_05.init(registry);
        try (var files = Files.list(Path.of(args[0]))) {
            for (var file : files.filter(f -> f.toString().endsWith(".xml")).sorted().toList()) {
                boolean credit = Files.readString(file).contains("<CreditNote ");
                check(registry, file, credit ? EN16931Validation.VID_UBL_CREDIT_NOTE_1316 : EN16931Validation.VID_UBL_INVOICE_1316);
                if (file.toString().endsWith(".peppol.xml")) {
                    check(registry, file, credit ? PeppolValidation2026_05.VID_OPENPEPPOL_CREDIT_NOTE_UBL_V3
                        : PeppolValidation2026_05.VID_OPENPEPPOL_INVOICE_UBL_V3);
                }
            }
        }
    }

    static void check(ValidationExecutorSetRegistry<IValidationSourceXML> registry, Path file, DVRCoordinate rules) {
        var source = ValidationSourceXML.create(new FileSystemResource(file.toFile()));
        var results = ValidationExecutionManager.executeValidation(
            IValidityDeterminator.createDefault(), registry.getOfID(rules), source, Locale.US);
        for (var result : results) {
            int findings = 0;
            for (var e : result.getErrorList()) {
                findings++;
                print(file, e.getErrorLevel().getID(), String.valueOf(e.getErrorID()), e.getErrorText(Locale.US));
            }
            if (!result.isSkipped()) {
                print(file, "checked", result.getValidationArtefact().getRuleResourcePath(), String.valueOf(findings));
            }
        }
    }

    static void print(Path file, String... fields) {
        System.out.println(file.getFileName() + "\t" + String.join("\t", fields).replaceAll("[\r\n]+", " "));
    }
}
